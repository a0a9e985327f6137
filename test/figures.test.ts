import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { figuresPage, keptRuns } from '../bench/figures/page.ts'
import { projectRoot } from '../src/lib/project-root.ts'

const place = join(projectRoot, 'docs/figures')

test('docs/figures.md and its pictures are drawn from the numbers that lie beside them, and from nothing else', () => {
  const { page, pictures } = figuresPage(keptRuns(place))
  expect(readFileSync(join(projectRoot, 'docs/figures.md'), 'utf8')).toBe(page)
  const drawn = existsSync(place) ? readdirSync(place).filter((file) => file.endsWith('.svg')) : []
  expect(drawn.toSorted()).toEqual(
    Object.keys(pictures)
      .map((name) => `${name}.svg`)
      .toSorted(),
  )
  for (const [name, picture] of Object.entries(pictures))
    expect(readFileSync(join(place, `${name}.svg`), 'utf8'), name).toBe(picture)
})
