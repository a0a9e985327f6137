import { randomBytes } from 'node:crypto'
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { getCountries, type CountryCode } from 'libphonenumber-js'
import * as z from 'zod'
import { Fault } from './answers/fault.ts'

/** Every setting: its type, its default, and a sentence. docs/settings.md is made from this table. */
const settings = {
  PORT: port().default(3000).describe('The port to listen on.'),
  HOST: z.string().min(1).default('127.0.0.1').describe('The address to listen on.'),
  PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .optional()
    .describe('The only origin of links in letters and of the origin check. Default: http://localhost:<PORT>.'),
  DATABASE_URL: postgresUrl()
    .optional()
    .describe(
      'postgres://…, several hosts allowed: the primary is found among them. Unset: the embedded database under DATA_DIR.',
    ),
  DATABASE_OWNER_URL: postgresUrl()
    .optional()
    .describe(
      'The same database, as the role that owns the schema and applies migrations. Unset: DATABASE_URL does both.',
    ),
  DATABASE_CONNECTIONS: wholeNumber(1, 500)
    .default(10)
    .describe('Connections to the database at most, for each node; it has up to four more that session checks share.'),
  DATA_DIR: z.string().min(1).default('./data').describe('Where the embedded database and the generated secret live.'),
  SECRET: z
    .string()
    .min(32, 'must be at least 32 characters long')
    .optional()
    .describe(
      'Signs forms and codes. Generated once into DATA_DIR; required with DATABASE_URL in production. A second one may follow after a comma while it is rotated.',
    ),
  BRAND_NAME: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .default('Meridian Asset Logistics')
    .describe('The name on pages and in letters.'),
  DEFAULT_COUNTRY: z
    .enum(getCountries() as [CountryCode, ...CountryCode[]])
    .default('US')
    .describe('How a phone number without a country code is read (ISO 3166).'),
  SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\/[^/?#]+\/?$/, 'must begin with smtp:// or smtps:// and name a host, and nothing after it')
    .optional()
    .describe(
      'The mail server, smtp:// (with STARTTLS, except on this machine) or smtps://. Unset: letters stay in the outbox, for "meridian mail".',
    ),
  MAIL_FROM: z
    .string()
    .regex(
      /^[^<>@]*<[^<>@\s]+@[^<>@\s]+>$|^[^<>@\s]+@[^<>@\s]+$/,
      'must be an address, or a name and an address in angle brackets',
    )
    .optional()
    .describe('What letters come from: name@example.com, or Name <name@example.com>. Required with SMTP_URL.'),
  REGISTRATION_MODE: z
    .enum(['open', 'verify-first'])
    .default('open')
    .describe(
      'open: a new customer is signed in at once. verify-first: an account begins with the link in a letter, and registering tells nobody which addresses have one.',
    ),
  LETTER_CLAIM_SECONDS: wholeNumber(1, 3600)
    .default(120)
    .describe(
      'How long a node keeps a letter to itself while sending it: longer than any sending takes. After a crash the letter waits for so long.',
    ),
  PASSWORD_MIN_LENGTH: wholeNumber(8, 64).default(8).describe("The fewest characters of a customer's password."),
  STAFF_PASSWORD_MIN_LENGTH: wholeNumber(8, 64)
    .default(15)
    .describe("The fewest characters of a staff member's password."),
  ARGON2_MEMORY_KIB: wholeNumber(1024, 1048576)
    .default(19456)
    .describe('Memory of one password hash, in KiB (argon2id m).'),
  ARGON2_PASSES: wholeNumber(1, 20).default(2).describe('Passes of one password hash (argon2id t).'),
  TRUST_PROXY: z
    .string()
    .refine(areNetworks, 'must be addresses or networks, separated by commas, or "loopback"')
    .optional()
    .describe(
      'The proxies whose forwarded headers count: addresses or networks, separated by commas, or "loopback". Default: none.',
    ),
  LIMITS: z
    .enum(['on', 'off'])
    .default('on')
    .describe('off is for load tests alone: with an https PUBLIC_URL it stops the start.'),
  METRICS_TOKEN: z
    .string()
    .min(16, 'must be at least 16 characters long')
    .optional()
    .describe('What /metrics asks for as a bearer token. Unset: /metrics does not exist.'),
  LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .default('info')
    .describe('How much is logged.'),
  NODE_ENV: z
    .enum(['production', 'development', 'test'])
    .default('development')
    .describe('production asks for a SECRET of your own.'),
} as const

const schema = z.object(settings)

type Settings = z.infer<typeof schema>

export interface Config extends Omit<Settings, 'SECRET' | 'PUBLIC_URL'> {
  PUBLIC_URL: string
  /** Current first. */
  SECRETS: string[]
}

/** Names that belong to these settings' family but are none: a misspelt setting must not be silently ignored. */
const LOOKALIKE = /^(DATABASE_|SMTP_|MAIL_|PASSWORD_|STAFF_PASSWORD|ARGON2_|REGISTRATION_|LETTER_|BRAND_|METRICS_)/

/** Reads every setting once. What cannot be used stops the start, in words that name it. */
export function readConfig(environment: NodeJS.ProcessEnv): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  )
  refuseUnknown(given)
  const parsed = schema.safeParse(given)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw refusal(`${String(issue?.path[0])}: ${issue?.message}.`)
  }
  const { SECRET, PUBLIC_URL, ...rest } = parsed.data
  const publicUrl = new URL(PUBLIC_URL ?? `http://localhost:${rest.PORT}`).origin
  refuseConflicts(parsed.data, publicUrl)
  return {
    ...rest,
    DATA_DIR: resolve(rest.DATA_DIR),
    PUBLIC_URL: publicUrl,
    SECRETS: secretsFrom(SECRET) ?? [generatedSecret(resolve(rest.DATA_DIR))],
  }
}

/** The table of settings, for the documentation and its test. */
export function settingsTable(): { name: string; fallback: string; sentence: string }[] {
  return Object.entries(settings).map(([name, setting]) => {
    const fallback = setting.safeParse(undefined).data
    return { name, fallback: fallback === undefined ? 'unset' : String(fallback), sentence: setting.description ?? '' }
  })
}

function refuseUnknown(given: Record<string, unknown>): void {
  const unknown = Object.keys(given).find((name) => LOOKALIKE.test(name) && !(name in settings))
  if (unknown) throw refusal(`${unknown} is not a setting; the settings are ${Object.keys(settings).join(', ')}.`)
}

function refuseConflicts(settings: Settings, origin: string): void {
  const { DATABASE_URL, DATABASE_OWNER_URL, NODE_ENV, SECRET, PUBLIC_URL, ARGON2_PASSES, ARGON2_MEMORY_KIB } = settings
  const forRealPeople = origin.startsWith('https:')
  if (forRealPeople && settings.LIMITS === 'off') {
    throw refusal('LIMITS=off and an https PUBLIC_URL: real people are never without limits.')
  }
  if (forRealPeople && !isStrongHashing(ARGON2_PASSES, ARGON2_MEMORY_KIB)) {
    throw refusal('ARGON2_MEMORY_KIB and ARGON2_PASSES are below every floor of OWASP: 19456 at 2 passes is one.')
  }
  if (DATABASE_OWNER_URL && !DATABASE_URL) {
    throw refusal('DATABASE_OWNER_URL without DATABASE_URL: the embedded database has roles of its own.')
  }
  if (settings.SMTP_URL && !settings.MAIL_FROM) {
    throw refusal('MAIL_FROM is missing: with SMTP_URL, letters need to come from somebody.')
  }
  if (forRealPeople && settings.REGISTRATION_MODE === 'verify-first' && !settings.SMTP_URL) {
    throw refusal('SMTP_URL is missing: with REGISTRATION_MODE=verify-first, nobody could register without letters.')
  }
  if ((forRealPeople || NODE_ENV === 'production') && DATABASE_URL && !SECRET) {
    throw refusal('SECRET is missing: with DATABASE_URL there may be several nodes, and each needs the same one.')
  }
  if (PUBLIC_URL && new URL(PUBLIC_URL).pathname !== '/') throw refusal('PUBLIC_URL: must be an origin without a path.')
}

function refusal(details: string): Fault {
  return new Fault('setting-refused', { details })
}

function secretsFrom(secret: string | undefined): string[] | undefined {
  const secrets = secret
    ?.split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
  if (secrets?.some((part) => part.length < 32)) throw refusal('SECRET: each one must be at least 32 characters long.')
  return secrets?.length ? secrets : undefined
}

/** Made whole before it gets its name, so that no process ever reads half of one; the first to name it wins. */
function generatedSecret(dataDir: string): string {
  const path = join(dataDir, 'secret')
  if (!existsSync(path)) {
    mkdirSync(dataDir, { recursive: true })
    const unfinished = `${path}.${process.pid}`
    writeFileSync(unfinished, randomBytes(32).toString('base64url'), { mode: 0o600, flush: true })
    linkUnlessThere(unfinished, path)
    rmSync(unfinished)
  }
  const [secret] = secretsFrom(readFileSync(path, 'utf8')) ?? []
  if (secret === undefined)
    throw refusal(`SECRET: ${path} is empty. Put it back from a backup, or remove it for a new one.`)
  return secret
}

function linkUnlessThere(source: string, path: string): void {
  try {
    linkSync(source, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

/** Addresses, networks (RFC 4632, 4291), or the names that Fastify has for some of them. */
function areNetworks(text: string): boolean {
  return text.split(',').every((part) => {
    const [address = '', length] = part.trim().split('/')
    if (length === undefined) return isIP(address) > 0 || ['loopback', 'linklocal', 'uniquelocal'].includes(address)
    return isIP(address) > 0 && /^\d{1,3}$/.test(length) && Number(length) <= (isIP(address) === 4 ? 32 : 128)
  })
}

/** OWASP's floors for argon2id with one lane: so much memory is enough at so many passes. */
const HASHING_FLOORS: readonly [passes: number, memoryKib: number][] = [
  [1, 47_104],
  [2, 19_456],
  [3, 12_288],
  [4, 9_216],
  [5, 7_168],
]

function isStrongHashing(passes: number, memoryKib: number): boolean {
  return HASHING_FLOORS.some(([leastPasses, leastMemory]) => passes >= leastPasses && memoryKib >= leastMemory)
}

function port() {
  return z.coerce.number('must be a port from 0 to 65535').int('must be a whole number').min(0).max(65535)
}

function wholeNumber(least: number, most: number) {
  const words = `must be a whole number from ${least} to ${most}`
  return z.coerce.number(words).int(words).min(least, words).max(most, words)
}

function postgresUrl() {
  return z.string().regex(/^postgres(ql)?:\/\/[^/]/, 'must begin with postgres:// and name a host')
}
