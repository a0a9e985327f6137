import { readdirSync, readFileSync } from 'node:fs'
import { getPriority, setPriority } from 'node:os'

/** By how much nicer: it weighs a tenth with Linux's scheduler, and has all of a core that no other wants. */
const NICER = 10

/** Beyond it the system knows none. */
const NICEST = 19

/**
 * Has the threads that hash stand back behind the one that answers, so that a page or a session check does not wait for
 * a core while passwords are hashed on all of them. On Linux, where a priority belongs to a thread; elsewhere nothing
 * happens. The threads exist, and have their name, once the first hash is done; they also read files and look up names.
 *
 * Needs no privilege: everybody may lower what is their own.
 */
export function lowerPoolThreads(): void {
  if (process.platform !== 'linux') return
  const niceness = Math.min(NICEST, getPriority() + NICER)
  for (const thread of poolThreads()) {
    try {
      setPriority(thread, niceness)
    } catch {
      // Forbidden by the system, as by a filter of system calls: all goes on at one priority.
      return
    }
  }
}

/** The ids of libuv's worker threads in this process; none where /proc cannot be read. */
export function poolThreads(): number[] {
  try {
    return readdirSync('/proc/self/task')
      .filter((thread) => readFileSync(`/proc/self/task/${thread}/comm`, 'utf8') === 'libuv-worker\n')
      .map(Number)
  } catch {
    return []
  }
}
