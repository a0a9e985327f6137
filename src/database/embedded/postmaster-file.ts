import { existsSync, readFileSync, readlinkSync, realpathSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/**
 * PostgreSQL's own note of who serves a data directory: line 1 the process, 4 the port, 8 `ready` once it takes
 * connections. It outlives a crash, and then its number may by chance be another program's.
 */
export function readPidFile(place: string): string[] | null {
  try {
    return readFileSync(pidFile(place), 'utf8')
      .split('\n')
      .map((line) => line.trim())
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** The process that is the server of this data directory now, or null. */
export function postmasterOf(place: string): number | null {
  const pid = Number(readPidFile(place)?.[0])
  return pid > 0 && isPostmasterOf(place, pid) ? pid : null
}

/** Whether that process is the server of this data directory, in which every postmaster works. */
export function isPostmasterOf(place: string, pid: number): boolean {
  if (!isAlive(pid)) return false
  if (!existsSync('/proc/self/cwd')) return true
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(place)
  } catch {
    // Gone meanwhile, or somebody else's and none of our business.
    return false
  }
}

/** Removes what a crash has left behind, which PostgreSQL itself only dares when no process at all has that number. */
export function removeStalePidFile(place: string): void {
  const pid = Number(readPidFile(place)?.[0])
  if (pid > 0 && !isPostmasterOf(place, pid)) rmSync(pidFile(place), { force: true })
}

function pidFile(place: string): string {
  return join(place, 'postmaster.pid')
}

/** Whether there is such a process, and it is one that we may signal. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
