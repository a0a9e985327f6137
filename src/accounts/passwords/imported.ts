import { createHash, pbkdf2, randomBytes, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { verify as verifyArgon2 } from '@node-rs/argon2'
import { equal } from '../../lib/keys.ts'

/** A hash that Django made, read. */
export interface ImportedHash {
  /** The format and its cost, and nothing of the hash itself: `pbkdf2_sha256$600000`. */
  scheme: string
  /** Whether the hash is of these very characters: Django hashed them as they were typed. Never on the event loop. */
  verify: (password: string) => Promise<boolean>
}

/** What one verification may cost; a hash that asks for more was made by nobody we know, and would stop a node. */
const MOST_ITERATIONS = 10_000_000
const MOST_MEMORY_KIB = 1024 * 1024
const MOST_PASSES = 64
const MOST_BCRYPT_COST = 16

const BASE64 = '[A-Za-z0-9+/]+={0,2}'

const formats: readonly { shape: RegExp; read: (parts: Record<string, string>) => ImportedHash | null }[] = [
  {
    shape: new RegExp(
      String.raw`^pbkdf2_(?<digest>sha256|sha1)\$(?<iterations>\d{1,8})\$(?<salt>[^$]+)\$(?<hash>${BASE64})$`,
    ),
    read: ({ digest = '', iterations, salt = '', hash = '' }) => {
      const count = Number(iterations)
      if (count < 1 || count > MOST_ITERATIONS) return null
      const expected = Buffer.from(hash, 'base64')
      return {
        scheme: `pbkdf2_${digest}$${count}`,
        verify: async (password) =>
          equal(await promisify(pbkdf2)(password, salt, count, expected.length, digest), expected),
      }
    },
  },
  {
    shape:
      /^argon2(?<phc>\$argon2(?<kind>id|i|d)(?<version>\$v=\d+)?\$m=(?<memory>\d+),t=(?<passes>\d+),p=(?<lanes>\d+)(?<rest>(?:\$[A-Za-z0-9+/]+){2}))$/,
    read: ({ kind, version = '$v=16', memory, passes, lanes, rest }) => {
      const fits = Number(memory) <= MOST_MEMORY_KIB && Number(passes) <= MOST_PASSES && Number(lanes) <= MOST_PASSES
      const cost = `$m=${memory},t=${passes},p=${lanes}`
      return fits
        ? {
            scheme: `argon2${kind}${version}${cost}`,
            verify: (password) => verifyArgon2(`$argon2${kind}${version}${cost}${rest}`, password),
          }
        : null
    },
  },
  {
    shape: /^bcrypt_sha256\$(?<hash>\$2[abxy]\$(?<cost>\d\d)\$[./A-Za-z0-9]{53})$/,
    read: ({ hash = '', cost }) => bcrypt('bcrypt_sha256', hash, Number(cost), (password) => hexOfSha256(password)),
  },
  {
    shape: /^bcrypt\$(?<hash>\$2[abxy]\$(?<cost>\d\d)\$[./A-Za-z0-9]{53})$/,
    read: ({ hash = '', cost }) => bcrypt('bcrypt', hash, Number(cost), (password) => password),
  },
  {
    shape: new RegExp(
      String.raw`^scrypt\$(?<n>\d{1,7})\$(?<salt>[^$]+)\$(?<r>\d{1,3})\$(?<p>\d{1,3})\$(?<hash>${BASE64})$`,
    ),
    read: (parts) => {
      const { salt = '', hash = '' } = parts
      const [N, r, p] = [Number(parts['n']), Number(parts['r']), Number(parts['p'])]
      const bytes = 128 * N * r
      const fits = N > 1 && (N & (N - 1)) === 0 && r > 0 && p > 0 && p <= 16 && bytes <= MOST_MEMORY_KIB * 1024
      const expected = Buffer.from(hash, 'base64')
      return fits
        ? {
            scheme: `scrypt$${N}$${r}$${p}`,
            verify: async (password) =>
              equal(
                await scryptOf(password, salt, expected.length, { N, r, p, maxmem: bytes + 128 * r * p + 1024 * 1024 }),
                expected,
              ),
          }
        : null
    },
  },
]

/**
 * Reads a hash in one of Django's formats (django.contrib.auth.hashers, 1.10 to 5). Null for any other, for one that is
 * damaged, and for one that would cost more than a node can bear; nobody can sign in with such a one.
 */
export function parseImported(stored: string): ImportedHash | null {
  for (const { shape, read } of formats) {
    const match = shape.exec(stored)
    if (match) return read({ ...match.groups })
  }
  return null
}

/** Django marks the password of who has none with this, and random characters after it. */
export function isUnusable(stored: string): boolean {
  return stored === '' || stored.startsWith('!')
}

/** A hash of nobody's password that costs as much to verify as this one. */
export function decoyOf(stored: string): string {
  const last = Math.max(stored.lastIndexOf('$'), stored.length - 31)
  const random = randomBytes(96).toString('base64').replaceAll(/[+/=]/g, 'x')
  const tail = stored.slice(last + 1).replaceAll(/[^=]/g, (_, at: number) => random[at] as string)
  // The last character of a hash in base64 carries fewer bits than it could; one that carries none is always valid.
  return stored.slice(0, last + 1) + tail.replace(/[^=](=*)$/, stored.startsWith('bcrypt') ? 'u$1' : 'A$1')
}

function bcrypt(
  format: string,
  hash: string,
  cost: number,
  inputOf: (password: string) => string,
): ImportedHash | null {
  if (cost < 4 || cost > MOST_BCRYPT_COST) return null
  return {
    scheme: `${format}$${cost}`,
    verify: async (password) => {
      const { verify } = await import('@node-rs/bcrypt')
      return verify(inputOf(password), hash)
    },
  }
}

function hexOfSha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

interface ScryptCost {
  N: number
  r: number
  p: number
  maxmem: number
}

function scryptOf(password: string, salt: string, length: number, cost: ScryptCost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, length, cost, (error, key) => (error ? reject(error) : resolve(key)))
  })
}
