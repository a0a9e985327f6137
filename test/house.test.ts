import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { projectRoot } from '../src/lib/project-root.ts'

/** The house from its roof down; docs/decisions/0001 says why. Imports point to the same floor's own room, or further down. */
const FLOORS = [
  ['main.ts', 'serve.ts'],
  ['app.ts'],
  ['web', 'console', 'api', 'cli'],
  ['config.ts'],
  ['torture'],
  ['http'],
  ['ui'],
  ['urls.ts'],
  ['operations'],
  ['flows'],
  ['accounts'],
  ['mail', 'audit', 'limits', 'archive', 'django'],
  ['database'],
  ['answers'],
  ['lib'],
]

/** Rooms whose own rooms never import one another: what two of them share sinks to a lower floor. */
const KEPT_APART = new Set(['web', 'console', 'api', 'operations', 'flows'])

/** The only ones who read settings; everybody else is handed values. */
const READ_SETTINGS = new Set(['main.ts', 'serve.ts', 'app.ts', 'cli'])

interface Import {
  from: string
  to: string
}

const source = join(projectRoot, 'src')
const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) =>
  /(?<!\.test|\.d)\.tsx?$/.test(file),
)
const imports = files.flatMap((from) => importsOf(from).map((to): Import => ({ from, to })))

describe('the house', () => {
  test('has a floor for every room', () => {
    const rooms = new Set(files.map(roomOf))
    expect([...rooms].filter((room) => floorOf(room) === -1)).toEqual([])
    expect(imports.length).toBeGreaterThan(200)
  })

  test('imports point down only', () => {
    const up = imports.filter(({ from, to }) => floorOf(roomOf(to)) < floorOf(roomOf(from)))
    expect(up.map(words)).toEqual([])
  })

  test('rooms of one floor keep apart: doors from doors, flows from flows', () => {
    const across = imports.filter(({ from, to }) => {
      const [here, there] = [roomOf(from), roomOf(to)]
      if (here === there) return KEPT_APART.has(here) && innerRoomOf(from) !== innerRoomOf(to)
      return floorOf(here) === floorOf(there) && here !== 'main.ts'
    })
    expect(across.map(words)).toEqual([])
  })

  test('settings are read in few places, and handed to everybody else', () => {
    const reading = imports.filter(({ from, to }) => to === 'config.ts' && !READ_SETTINGS.has(roomOf(from)))
    expect(reading.map(words)).toEqual([])
  })

  test('has no circle', () => {
    expect(files.map((file) => circleFrom(file, [])).filter((circle) => circle !== null)).toEqual([])
  })
})

function importsOf(file: string): string[] {
  const text = readFileSync(join(source, file), 'utf8')
  const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)].map(
    ([, specifier]) => specifier as string,
  )
  return specifiers
    .map((specifier) => relative(source, join(source, dirname(file), specifier)))
    .filter((to) => /\.tsx?$/.test(to))
}

function roomOf(file: string): string {
  return file.split('/')[0] as string
}

function innerRoomOf(file: string): string {
  return file.split('/')[1] as string
}

function floorOf(room: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(room))
}

const innocent = new Set<string>()

function circleFrom(file: string, way: string[]): string | null {
  if (way.includes(file)) return [...way.slice(way.indexOf(file)), file].join(' → ')
  if (innocent.has(file)) return null
  for (const { to } of imports.filter(({ from }) => from === file)) {
    const circle = circleFrom(to, [...way, file])
    if (circle) return circle
  }
  innocent.add(file)
  return null
}

function words({ from, to }: Import): string {
  return `${from} → ${to}`
}
