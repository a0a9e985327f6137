import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { projectRoot } from '../../src/lib/project-root.ts'

interface Source {
  path: string
  text: string
}

const sources = filesUnder(join(projectRoot, 'src')).filter(
  ({ path }) => /\.tsx?$/.test(path) && !path.includes('.test.'),
)
/** A storm is the site's client, from outside: it sends cookies and forwarded networks where the site reads them. */
const ofTheSite = sources.filter(({ path }) => !path.startsWith('src/torture/'))
const served = ofTheSite.filter(({ path }) => !path.startsWith('src/database/') && !path.startsWith('src/cli/'))

/** Our own database, another's that is read for an import, and a staging system's that is marked as one. */
const SPEAKS_TO_A_DATABASE = /^src\/(database|operations\/django-import|torture\/staging\.ts)/

test('the source is read', () => {
  expect(sources.length).toBeGreaterThan(60)
})

describe('1.2.4 every query is parameterised', () => {
  test('text becomes SQL only as a quoted name of a column that our own code lists', () => {
    expect(places(/\braw\(/)).toEqual(['src/database/sql.ts'])
  })

  test('only the database room speaks to the driver', () => {
    expect(places(/from 'pg'/).filter((path) => !SPEAKS_TO_A_DATABASE.test(path))).toEqual([])
    expect(places(/\.query\((?!\))/).filter((path) => !SPEAKS_TO_A_DATABASE.test(path))).toEqual([])
  })

  test('no statement is put together by a template string', () => {
    // COPY takes no parameters either. What stands in these are names from lists of our own, and numbers.
    const COPIED = ['src/operations/django-import/staging.ts']
    // Statements that take no parameters: creating a role, and marking a database. What they name is quoted by the driver.
    const SETTING_UP = new Set(['src/database/embedded/cluster.ts', 'src/torture/staging.ts'])
    expect(places(/\.query\(\s*`[^`]*\$\{/).filter((path) => !SETTING_UP.has(path))).toEqual([])
    expect(places(/(?<!sql)`\s*(select\s|insert into|update \w+ set|delete from|with \w+ as)[^`]*\$\{/)).toEqual(COPIED)
  })
})

describe('1.2.5 no command of the operating system is built from data', () => {
  test('programs are run by argument vectors, and only for the embedded database', () => {
    const runners = places(/child_process/)
    for (const path of runners) expect(path).toMatch(/^src\/database\/embedded\//)
    expect(places(/(?<![.\w])(exec|execSync|fork)\(|shell:/)).toEqual([])
  })
})

describe('1.3.7, 3.2.2 text is never read as markup or code', () => {
  test.for([
    [
      'innerHTML and its like',
      /innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|srcdoc/,
    ],
    ['unescaped markup', /dangerouslySetInnerHTML/],
    ['code from text', /\beval\(|new Function\(|setTimeout\(\s*['"`]|from 'node:vm'/],
    ['handlers in markup', /<[a-z][^>]*\bon[a-z]+="/],
    ['styles in markup', /<[a-z][^>]*\bstyle="/],
  ] as const)('%s', ([, pattern]) => {
    // Letters and the downloaded document are no pages of ours: mail programs know styles in markup alone, and no words of
    // people are among them.
    const leaves = new Set(['src/mail/letters/render.tsx', 'src/web/leaving/document.tsx'])
    expect(places(pattern).filter((path) => !leaves.has(path))).toEqual([])
  })
})

describe('11.2.4 secrets are compared in constant time', () => {
  test('by one function', () => {
    expect(places(/timingSafeEqual/)).toEqual(['src/lib/keys.ts'])
    expect(places(/\.equals\(|Buffer\.compare\(/)).toEqual([])
  })
})

describe('11.3.2, 11.4.1 approved algorithms alone', () => {
  test('are called', () => {
    const calls = sources.flatMap(({ text }) =>
      [
        ...text.matchAll(
          /\b(createHash|hash|createHmac|hkdfSync|createCipheriv|createSign|pbkdf2\w*|scrypt\w*)\(\s*'([^']*)'/g,
        ),
      ].map(([, name, algorithm]) => `${name} ${algorithm}`),
    )
    expect([...new Set(calls)].toSorted()).toEqual([
      'createHash sha256',
      'createHmac sha256',
      'hash sha256',
      'hkdfSync sha256',
    ])
  })

  test('and nothing else of the crypto module', () => {
    const names = sources.flatMap(({ text }) =>
      [...text.matchAll(/import \{([^}]*)\} from 'node:crypto'/g)].flatMap(([, list = '']) =>
        list
          .split(',')
          .map((name) => name.trim())
          .filter((name) => !name.startsWith('type ')),
      ),
    )
    const allowed = new Set(
      'createHash hash createHmac hkdfSync createSecretKey timingSafeEqual randomBytes randomFillSync randomInt'.split(
        ' ',
      ),
    )
    // What Django hashed with is verified once, and replaced by argon2id.
    for (const name of ['pbkdf2', 'scrypt']) {
      expect(places(new RegExp(`import \\{[^}]*\\b${name}\\b[^}]*\\} from 'node:crypto'`))).toEqual([
        'src/accounts/passwords/imported.ts',
      ])
      allowed.add(name)
    }
    expect([...new Set(names)].filter((name) => name !== '' && !allowed.has(name))).toEqual([])
    expect(places(/\bmd5\b|\bsha1\b|'sha-?1'|\brc4\b|\bdes\b-/i)).toEqual(['src/accounts/passwords/imported.ts'])
  })
})

describe('11.5.1, 6.5.3 what must not be guessed', () => {
  test('comes from the system, and never from Math.random', () => {
    expect(places(/Math\.random/)).toEqual([])
    expect(textOf('src/lib/random.ts')).toMatch(/randomFillSync\(pool\)[^]*fewRandomBytes\(16\)/)
  })

  test('is no UUID', () => {
    expect(places(/randomUUID|\bv[1-8]\(\)/)).toEqual(['src/lib/random.ts'])
    expect(places(/newId\(\)/).filter((path) => /codes\.ts|submissions\.ts|cookies\.ts/.test(path))).toEqual([])
  })
})

describe('8.3.1 every route', () => {
  test('says on its own line who may call it', () => {
    const routes = sources.flatMap(({ path, text }) =>
      [...text.matchAll(/\bserver\.(get|post|put|patch|delete|all|route)\([^\n]*(\n[^\n]*){0,2}/g)].map(([line]) => ({
        path,
        line,
      })),
    )
    expect(routes.length).toBeGreaterThan(12)
    for (const { path, line } of routes)
      expect(line, path).toMatch(
        /config: (\{ )?(access: '(anyone|visitor|signed-in|customer|staff|machine)'|(\.\.\.)?\w+[,} ])|\baccess[,} ]/,
      )
    // Where several routes have one rule, it stands above them by its name; that each has one, the router asks at the start.
  })
})

describe('3.3.1 to 3.3.4 cookies', () => {
  test('are written in one place', () => {
    const writers = ofTheSite.filter(({ text }) => /setCookie\(|clearCookie\(|'set-cookie'/i.test(text))
    expect(writers.map(({ path }) => path)).toEqual(['src/http/cookies.ts'])
  })
})

describe('4.1.3, 15.3.4 who is asking', () => {
  test('is read from nothing that a client can write', () => {
    const written = /x-forwarded|x-real-ip|headers\.host|request\.host|request\.protocol/i
    // Where the word of our own proxies is told from everybody's: src/http/proxies.test.ts.
    expect(served.filter(({ text }) => written.test(text)).map(({ path }) => path)).toEqual(['src/http/proxies.ts'])
  })
})

describe('13.3.1 no secret', () => {
  test('stands in the source', () => {
    const LOOKS_LIKE_ONE =
      /(password|secret|token|api_?key)\w*\s*[:=]\s*'(?!\/)[A-Za-z0-9+/_-]{16,}'|-----BEGIN|postgres:\/\/\w+:\w+@/i
    expect(places(LOOKS_LIKE_ONE)).toEqual([])
  })
})

describe('15.1.2, 15.2.1 the machinery', () => {
  test('is pinned, every version of it', () => {
    const { dependencies, devDependencies } = JSON.parse(
      readFileSync(join(projectRoot, 'package.json'), 'utf8'),
    ) as Record<string, Record<string, string>>
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
      expect(version, name).toMatch(/^\d/)
  })

  test('CVE-2026-21717, CVE-2025-27209 runs on a Node that hashes keys safely', () => {
    const [major = 0, minor = 0, patch = 0] = process.versions.node.split('.').map(Number)
    const atLeast = (version: readonly [number, number, number]) =>
      major === version[0] && (minor > version[1] || (minor === version[1] && patch >= version[2]))
    expect(atLeast([22, 22, 2]) || atLeast([24, 14, 1]) || major > 24, process.version).toBe(true)
  })
})

/** The files in which something stands, comments left out. */
function places(pattern: RegExp): string[] {
  return sources.filter(({ text }) => pattern.test(text)).map(({ path }) => path)
}

function textOf(path: string): string {
  return sources.find((source) => source.path === path)?.text ?? ''
}

function filesUnder(folder: string): Source[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => {
      const path = join(parentPath, name)
      return { path: relative(projectRoot, path), text: withoutComments(readFileSync(path, 'utf8')) }
    })
    .toSorted((a, b) => a.path.localeCompare(b.path))
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/[^\n]*/g, '')
}
