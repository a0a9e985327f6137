import type { Queryable } from '../../database/database.ts'
import { sql, type Sql } from '../../database/sql.ts'
import { newId } from '../../lib/random.ts'
import { letterInsert } from '../../mail/outbox.ts'

/**
 * Tells a person that their accounts were merged (ASVS 6.3.7), at the address by which they sign in from now on and at the one
 * that does so no longer, `givenUp`; null where there was none.
 */
export async function tellMerged(
  within: Queryable,
  { run, keptId, givenUp }: { run: string; keptId: string; givenUp: string | null },
): Promise<void> {
  const account = sql`select id as account_id, first_name, email_delivery from accounts where id = ${keptId} and email_delivery is not null`
  await write(within, 'accounts-merged', account, detailsOf(run, true))
  if (givenUp === null) return
  const former = sql`select id as account_id, first_name, ${givenUp}::text as email_delivery from accounts where id = ${keptId}`
  await write(within, 'accounts-merged', former, detailsOf(run, false))
}

/** Letters of a merge that have not left do not leave any more; whoever was told hears that it was taken back. */
export async function tellUndone(within: Queryable, run: string): Promise<void> {
  const of = sql`kind = 'accounts-merged' and data ->> 'run' = ${run}`
  await within.rows(sql`
    delete from letters where ${of} and sent_at is null and (claimed_until is null or claimed_until < now())`)
  const told = await within.rows<{ recipient: string }>(sql`select distinct recipient from letters where ${of}`)
  for (const { recipient } of told) {
    const owner = sql`select id as account_id, first_name, email_delivery from accounts where email_delivery = ${recipient}`
    await write(within, 'merge-undone', owner)
  }
}

async function write(
  within: Queryable,
  kind: 'accounts-merged' | 'merge-undone',
  recipients: Sql,
  details?: Sql,
): Promise<void> {
  await within.rows(sql`
    with recipient as (${recipients}) ${letterInsert({ id: newId(), kind, codeId: null }, sql`recipient`, details)}`)
}

function detailsOf(run: string, signsIn: boolean): Sql {
  return sql`jsonb_build_object('run', ${run}::text, 'signsIn', ${signsIn}::boolean)`
}
