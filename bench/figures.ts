import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from '../src/lib/project-root.ts'
import { figuresPage, FILES, keptRuns } from './figures/page.ts'

/**
 * Makes docs/figures.md and its pictures of what the last runs have written to OUT. What was not run since is drawn from the numbers that
 * are kept beside the pictures.
 *
 *     npm run bench && npm run bench -- growth && npm run bench -- scale-out && npm run bench -- figures
 */
const OUT = process.env['OUT'] ?? join(projectRoot, 'bench-results')
const PLACE = join(projectRoot, 'docs/figures')

mkdirSync(PLACE, { recursive: true })
for (const file of Object.values(FILES)) {
  const written = join(OUT, file)
  if (existsSync(written)) copyFileSync(written, join(PLACE, file))
}
const runs = keptRuns(PLACE)
const { page, pictures } = figuresPage(runs)
for (const file of readdirSync(PLACE).filter((name) => name.endsWith('.svg'))) rmSync(join(PLACE, file))
for (const [name, drawn] of Object.entries(pictures)) writeFileSync(join(PLACE, `${name}.svg`), drawn)
writeFileSync(join(projectRoot, 'docs/figures.md'), page)
process.stdout.write(
  `docs/figures.md, of ${Object.keys(runs).join(', ') || 'nothing: no run has written numbers yet'}\n`,
)
