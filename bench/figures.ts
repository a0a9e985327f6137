import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../src/lib/project-root.ts'
import { figuresPage, type Runs } from './figures/page.ts'

/**
 * Makes docs/figures.md and its pictures of what the last runs have written to OUT. What was not run since is drawn from the numbers that
 * are kept beside the pictures.
 *
 *     npm run bench && npm run bench -- growth && npm run bench -- scale-out && npm run bench -- figures
 */
const OUT = process.env['OUT'] ?? join(projectRoot, 'bench-results')
const PLACE = join(projectRoot, 'docs/figures')

const FILES: Record<keyof Runs, string> = { speed: 'figures.json', growth: 'growth.json', scaleOut: 'scale-out.json' }

mkdirSync(PLACE, { recursive: true })
const runs = Object.fromEntries(
  Object.entries(FILES).flatMap(([run, file]) => {
    const found = [join(OUT, file), join(PLACE, file)].find((path) => existsSync(path))
    if (found === undefined) return []
    const numbers = readFileSync(found, 'utf8')
    writeFileSync(join(PLACE, file), numbers)
    return [[run, JSON.parse(numbers)]]
  }),
) as Runs

const { page, pictures } = figuresPage(runs)
for (const [name, drawn] of Object.entries(pictures)) writeFileSync(join(PLACE, `${name}.svg`), drawn)
writeFileSync(join(projectRoot, 'docs/figures.md'), page)
process.stdout.write(
  `docs/figures.md, of ${Object.keys(runs).join(', ') || 'nothing: no run has written numbers yet'}\n`,
)
