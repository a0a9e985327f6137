import { chmodSync, existsSync, globSync, lstatSync, mkdtempSync, readdirSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, isPostmasterOf, postmasterOf } from '../../src/database/embedded/postmaster-file.ts'

/** Whose the folder is stands in its name, so that there is no moment at which it belongs to nobody. */
const NAME = /^meridian-run-(?<pid>\d+)-/

/**
 * The folder that all folders of one run of the tests are in. What runs that were ended from outside have left is removed
 * first, and the PostgreSQL servers that have gone on without them are ended.
 */
export async function openRunFolder(): Promise<string> {
  for (const left of abandoned()) await clear(left)
  const folder = mkdtempSync(join(tmpdir(), `meridian-run-${process.pid}-`))
  // A server that root starts runs as somebody else, and may have its files in here.
  chmodSync(folder, 0o755)
  return folder
}

/** Removes it with all that is in it, and the clusters that it only has links to. */
export async function clear(folder: string): Promise<void> {
  for (const link of globSync('*/postgres', { cwd: folder }).map((path) => join(folder, path))) {
    if (!existsSync(link)) continue
    const place = realpathSync(link)
    await endServerOf(place)
    rmSync(place, { recursive: true, force: true })
  }
  rmSync(folder, { recursive: true, force: true })
}

function abandoned(): string[] {
  return readdirSync(tmpdir())
    .filter((name) => NAME.test(name) && !isAlive(Number(NAME.exec(name)?.groups?.['pid'])))
    .map((name) => join(tmpdir(), name))
    .filter((folder) => lstatSync(folder, { throwIfNoEntry: false })?.uid === process.getuid?.())
}

async function endServerOf(place: string): Promise<void> {
  const pid = postmasterOf(place)
  if (pid === null) return
  process.kill(pid, 'SIGQUIT')
  while (isPostmasterOf(place, pid)) await sleep(10)
}
