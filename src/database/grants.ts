import { escapeIdentifier } from 'pg'
import { grantsFor } from './migrations.ts'

/** Takes everything on these tables away from the application's role, and gives it what migrations/grants.sql says. */
export function grantStatements(role: string, tables: readonly string[]): string[] {
  return [
    `revoke all on ${tables.map((name) => escapeIdentifier(name)).join(', ')} from ${escapeIdentifier(role)}`,
    grantsFor(role),
  ]
}

/** Readers go on; whoever writes to these tables waits until the transaction has ended. */
export function lockFor(tables: readonly string[]): string {
  const list = tables.map((name) => escapeIdentifier(name)).join(', ')
  return list === '' ? 'select 1' : `lock table ${list} in share row exclusive mode`
}
