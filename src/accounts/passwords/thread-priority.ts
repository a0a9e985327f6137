import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { setPriority } from 'node:os'
import { basename } from 'node:path'

/** Beyond it the system knows none: it weighs a seventieth with Linux's scheduler, and has all of a core that no other wants. */
const NICEST = 19

/**
 * Has the threads that hash stand back behind the one that answers, so that a page or a session check does not wait for
 * a core while passwords are hashed on all of them. On Linux, where a priority belongs to a thread; elsewhere nothing
 * happens. The threads exist, and have their name, once the first hash is done; they also read files and look up names.
 *
 * Needs no privilege: everybody may lower what is their own.
 */
export function lowerPoolThreads(): void {
  for (const thread of poolThreads()) if (!lower(thread)) return
}

/** Has the thread that calls it stand back in the same way. */
export function lowerThisThread(): void {
  const thread = thisThread()
  if (thread !== null) lower(thread)
}

/** The ids of libuv's worker threads in this process; none where /proc cannot be read. */
export function poolThreads(): number[] {
  if (process.platform !== 'linux') return []
  try {
    return readdirSync('/proc/self/task')
      .filter((thread) => readFileSync(`/proc/self/task/${thread}/comm`, 'utf8') === 'libuv-worker\n')
      .map(Number)
  } catch {
    return []
  }
}

/** Null where the system does not tell. */
function thisThread(): number | null {
  if (process.platform !== 'linux') return null
  try {
    return Number(basename(readlinkSync('/proc/thread-self')))
  } catch {
    return null
  }
}

/** Returns whether it was allowed to. */
function lower(thread: number): boolean {
  try {
    setPriority(thread, NICEST)
    return true
  } catch {
    // Forbidden by the system, as by a filter of system calls: all goes on at one priority.
    return false
  }
}
