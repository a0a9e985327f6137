import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

/** Somebody that PostgreSQL may run as: it refuses root. */
export interface Unprivileged {
  uid: number
  gid: number
}

/** Whom to become, when this runs as root; null when it does not. */
export function unprivilegedUser(): Unprivileged | null {
  if (process.getuid?.() !== 0) return null
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
  const found = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody')
  if (!found)
    throw new Error('run as an ordinary user: PostgreSQL refuses root, and there is no user "postgres" or "nobody"')
  return { uid: Number(found[2]), gid: Number(found[3]) }
}

/** Whether every folder on the way to `path` lets this user through. */
export function mayReach(path: string, { uid, gid }: Unprivileged): boolean {
  const { mode, uid: owner, gid: group } = statSync(resolve(path))
  const execute = owner === uid ? 0o100 : group === gid ? 0o010 : 0o001
  if ((mode & execute) === 0) return false
  const parent = dirname(resolve(path))
  return parent === path || mayReach(parent, { uid, gid })
}
