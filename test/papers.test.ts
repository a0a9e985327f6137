import { execFile } from 'node:child_process'
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { catalogue } from '../src/answers/catalogue.ts'
import { permissions, permissionWords } from '../src/accounts/permissions.ts'
import { auditEvents } from '../src/audit/events.ts'
import { settingsTable } from '../src/config.ts'
import { projectRoot } from '../src/lib/project-root.ts'
import { retentions } from '../src/operations/housekeeping/retention.ts'
import { canaryEmail, canaryPassword } from './support/canary.ts'
import { freshDatabase } from './support/database.ts'
import { CHEAP_HASHES, TEST_SECRET } from './support/site.ts'

/** Every document of the repository, by its path from the root. */
const papers = ['*.md', 'docs/**/*.md'].flatMap((pattern) => globSync(pattern, { cwd: projectRoot })).toSorted()

/** Folders whose name at the beginning of a word in backticks makes it a path of this repository. */
const PATH = /^(?:src|test|docs|migrations|scripts|runtime)\/[\w./-]+$|^\.?[\w-]+\.(?:md|json|ts|example)$/

/** Places of one machine alone, and where packages happened to come from. */
const MACHINE = /localhost:4873|(?<![\w.])\/(?:work|tmp|home|root|Users)\/|\b[A-Z]:\\/

/** Named in the documents, and made on the machine of whoever runs it. */
const MADE_LATER = new Set(['meridian.json'])

describe('the papers and the code say the same:', () => {
  test('docs/errors.md has every code of the catalogue and none else, with its status and its words', () => {
    const rows = tableRows(read('docs/errors.md')).filter(
      ([code, status]) => code !== 'code' && /^\d+$/.test(status ?? ''),
    )
    const codes = Object.entries(catalogue).map(([code, { status, words }]) => ({ code, status: `${status}`, words }))
    expect(new Set(rows.map(([code]) => code))).toEqual(new Set(codes.map(({ code }) => code)))
    expect(rows.length, 'each once').toBe(codes.length)
    for (const { code, status, words } of codes) {
      const row = rows.find(([name]) => name === code)
      expect(row?.[1], code).toBe(status)
      expect(row?.[3], code).toContain(words)
    }
  })

  test('docs/settings.md has every setting and none else, with its default and its sentence', () => {
    const rows = tableRows(read('docs/settings.md')).filter((row) => row.length === 3 && /^[A-Z]/.test(row[0] ?? ''))
    expect(rows).toEqual(settingsTable().map(({ name, fallback, sentence }) => [name, fallback, sentence]))
  })

  test('.env.example names settings alone', () => {
    const named = [...read('.env.example').matchAll(/^#?([A-Z_]+)=/gm)].map(([, name]) => name)
    const names = new Set(settingsTable().map(({ name }) => name))
    expect(named.filter((name) => !names.has(name as string))).toEqual([])
    expect(named.length).toBeGreaterThan(5)
  })

  test('docs/audit.md has every event and none else', () => {
    const events = tableRows(sectionOf(read('docs/audit.md'), 'Events')).map(([event]) => event)
    expect(events).toEqual(['event', ...auditEvents])
  })

  test('docs/permissions.md has every permission and none else, with its words and its roles', () => {
    const rows = tableRows(read('docs/permissions.md')).slice(1)
    const yes = (roles: readonly string[], role: string) => (roles.includes(role) ? 'yes' : 'no')
    expect(rows).toEqual(
      Object.entries(permissions).map(([name, roles]) => [
        name,
        permissionWords[name as keyof typeof permissions],
        ...['customer_care', 'manager', 'admin'].map((role) => yes(roles, role)),
      ]),
    )
  })

  test('README.md names every test of the promises, and SECURITY.md every one of security', () => {
    const unnamed = (folder: string, paper: string) =>
      globSync(`${folder}/*.test.ts`, { cwd: projectRoot }).filter((path) => !read(paper).includes(`\`${path}\``))
    expect(unnamed('test/promises', 'README.md')).toEqual([])
    expect(unnamed('test/security', 'SECURITY.md')).toEqual([])
  })

  test('docs/housekeeping.md has everything that is removed and none else, with until when and why', () => {
    const rows = tableRows(sectionOf(read('docs/housekeeping.md'), 'Retention'))
    expect(rows.slice(1)).toEqual(retentions.map(({ name, keeps, because }) => [name, keeps, because]))
  })

  test('what STYLE.md quotes as good stands in the file that it names', () => {
    const quotations = [...read('STYLE.md').matchAll(/^Good, `([^`]+)`:\n\n```\w+\n([^]*?)```/gm)]
    expect(quotations.length).toBeGreaterThan(10)
    for (const [, path, code] of quotations) {
      expect(unindented(read(path as string)), path).toContain(unindented(code as string))
    }
  })

  test('the script in README.md is docs/examples/register.ts', () => {
    expect(read('README.md')).toContain(`\`\`\`ts\n${read('docs/examples/register.ts')}\`\`\`\n`)
  })

  test('docs/examples/register.ts registers a customer once, without HTTP and without being built', async () => {
    const db = await freshDatabase()
    const [email, password] = [canaryEmail(), canaryPassword()]
    expect(await runExample(db.appUrl, email, password)).toBe('registered\n')
    expect(await runExample(db.appUrl, email.toUpperCase(), password)).toBe('email-taken\n')
    expect(await db.count('customer_profiles')).toBe(1)
  })
})

describe('in every document', () => {
  test('a path in backticks exists', () => {
    const missing = papers.flatMap((paper) =>
      codeSpans(read(paper))
        .filter((span) => PATH.test(span) && !MADE_LATER.has(span))
        .filter((path) => !existsSync(join(projectRoot, path)))
        .map((path) => `${paper}: ${path}`),
    )
    expect(missing).toEqual([])
  })

  test('a relative link leads to a file, and to a heading that is in it', () => {
    const broken = papers.flatMap((paper) =>
      linksIn(read(paper))
        .filter((target) => !leadsSomewhere(paper, target))
        .map((target) => `${paper}: ${target}`),
    )
    expect(broken).toEqual([])
  })

  test('nothing is said of one machine', () => {
    const files = [...papers, '.env.example', 'docs/examples/register.ts']
    expect(files.filter((file) => MACHINE.test(read(file)))).toEqual([])
  })
})

test('decisions are numbered without gaps, and each says the four things', () => {
  const files = readdirSync(join(projectRoot, 'docs/decisions')).toSorted()
  expect(files.map((file) => file.slice(0, 5))).toEqual(
    files.map((_, index) => `${String(index + 1).padStart(4, '0')}-`),
  )
  for (const file of files) {
    const text = read(`docs/decisions/${file}`)
    expect(text, file).toMatch(new RegExp(`^# ${file.slice(0, 4)} `))
    for (const part of ['Context', 'Decision', 'Consequences', 'What would change it']) {
      expect(text, file).toContain(`**${part}.**`)
    }
  }
})

function read(path: string): string {
  return readFileSync(join(projectRoot, path), 'utf8')
}

/** The cells of every table row, without backticks. */
function tableRows(text: string): string[][] {
  const lines = text.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
  return lines.map((line) =>
    line
      .replaceAll('`', '')
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
}

function sectionOf(text: string, heading: string): string {
  return text.split(/^## /m).find((section) => section.startsWith(`${heading}\n`)) ?? ''
}

function unindented(code: string): string {
  return code
    .split('\n')
    .map((line) => line.trim())
    .join('\n')
    .trim()
}

/** What stands in backticks in running text. */
function codeSpans(text: string): string[] {
  return [...withoutFences(text).matchAll(/`([^`\n]+)`/g)].map(([, span]) => span as string)
}

function linksIn(text: string): string[] {
  const targets = [...withoutFences(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target as string)
  return targets.filter((target) => !/^[a-z]+:/.test(target))
}

function withoutFences(text: string): string {
  return text.replaceAll(/^```[^]*?^```/gm, '')
}

function leadsSomewhere(paper: string, target: string): boolean {
  const [path = '', heading] = target.split('#')
  const file = path === '' ? join(projectRoot, paper) : resolve(projectRoot, dirname(paper), path)
  return existsSync(file) && (heading === undefined || headingsOf(readFileSync(file, 'utf8')).includes(heading))
}

/** As a forge makes anchors of them: lower case, punctuation gone, spaces to hyphens. */
function headingsOf(text: string): string[] {
  return [...withoutFences(text).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    (heading as string)
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} -]/gu, '')
      .replaceAll(' ', '-'),
  )
}

async function runExample(url: string, email: string, password: string): Promise<string> {
  const script = join(projectRoot, 'docs/examples/register.ts')
  const env = { ...process.env, NODE_ENV: 'test', DATABASE_URL: url, SECRET: TEST_SECRET, ...CHEAP_HASHES }
  const { stdout } = await promisify(execFile)(process.execPath, [script, email, password], { env, cwd: projectRoot })
  return stdout
}
