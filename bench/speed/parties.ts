import { readdirSync, readFileSync } from 'node:fs'

/** Who uses the processor: the server under test, PostgreSQL, and the load, which runs in this process. */
export interface Parties {
  server: number
  database: number
  load: number
}

/** Of Linux; what /proc counts in. */
const TICKS_PER_SECOND = 100

/** Seconds of processor time so far, of each party; the server's is one process, or several that share the work. */
export function processorTime(serverPids: number | readonly number[], postmasterPid: number): Parties {
  const { user, system } = process.cpuUsage()
  const all = processes()
  const backends = all.filter(({ parent }) => parent === postmasterPid)
  const postmaster = all.filter(({ pid }) => pid === postmasterPid)
  const server = all.filter(({ pid }) => [serverPids].flat().includes(pid))
  return {
    server: sum(server.map(({ own }) => own)),
    // What has ended already was added to the postmaster's children.
    database: sum(backends.map(({ own }) => own)) + sum(postmaster.map(({ own, ended }) => own + ended)),
    load: (user + system) / 1e6,
  }
}

export function between(before: Parties, after: Parties): Parties {
  return {
    server: after.server - before.server,
    database: after.database - before.database,
    load: after.load - before.load,
  }
}

/** Seconds of processor time so far, of everything on this machine, and what its host has kept from it. */
export function machineTime(): number {
  const [, user, nice, system, , , irq, softirq, steal] = readFileSync('/proc/stat', 'utf8').split(/\s+/).map(Number)
  return sum([user, nice, system, irq, softirq, steal].map((ticks) => ticks ?? 0)) / TICKS_PER_SECOND
}

/** Memory that a process holds, in MiB. */
export function residentMiB(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024
}

interface Process {
  pid: number
  parent: number
  own: number
  ended: number
}

function processes(): Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = statOf(name)
      if (stat === null) return []
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      const seconds = (from: number) => (Number(fields[from]) + Number(fields[from + 1])) / TICKS_PER_SECOND
      return [{ pid: Number(name), parent: Number(fields[1]), own: seconds(11), ended: seconds(13) }]
    })
}

function statOf(pid: string): string | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch (error) {
    // It ended between the listing and the reading.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ESRCH')
      return null
    throw error
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
