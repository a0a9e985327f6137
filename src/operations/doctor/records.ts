import { sql } from '../../database/sql.ts'
import { REPAIR, type Invariant } from './invariant.ts'

/** What no constraint can say: it needs several rows, a moment, or the rules of an address. */
export function recordInvariants({ mailServer }: { mailServer: boolean }): Invariant[] {
  return [
    {
      name: 'addresses-are-canonical',
      expects: 'The canonical form of each address is the one that is derived from the address.',
      remedy: REPAIR,
      // The domain of an address in other letters than ASCII is encoded by no function of PostgreSQL: of it the form that
      // letters are sent to is believed, and the rest is held to that.
      offenders: sql`
        select concat_ws(' ', 'accounts', id) as subject, 'its canonical address is not that of its address' as found
        from accounts
        where email_canonical <> lower(email_delivery collate "C")
          or (email ~ '^[\\x21-\\x7e]+$' and email_delivery
            <> regexp_replace(email, '@[^@]*$', '') || '@' || lower(substring(email from '@([^@]*)$') collate "C"))`,
    },
    {
      name: 'usernames-are-canonical',
      expects: 'The canonical form of each username is the one that is derived from the username.',
      remedy: REPAIR,
      // How letters of other scripts become small ones depends on the server's collation, so only ASCII is derived here.
      offenders: sql`
        select concat_ws(' ', 'accounts', id) as subject, 'its canonical username is not that of its username' as found
        from accounts
        where (username ~ '^[\\x21-\\x7e]+$' and username_canonical <> lower(username collate "C"))
          or username_canonical is not nfc normalized`,
    },
    {
      name: 'outbox-not-stuck',
      expects: 'No letter has been due for more than an hour, and no courier holds one that it has forgotten.',
      remedy: mailServer
        ? 'See that a node runs and reaches the mail server (meridian mail list --waiting); meridian repair makes the letters due now.'
        : 'meridian repair lets go of the letters. Without SMTP_URL they wait, which is no fault.',
      offenders: sql`
        select concat_ws(' ', 'letters', id) as subject,
          case when claimed_until < now() - interval '1 hour' then 'was claimed, and never sent nor given back'
            else 'has been due since ' || to_char(due_at at time zone 'utc', 'YYYY-MM-DD HH24:MI "UTC"') end as found
        from letters
        where sent_at is null and given_up_at is null and due_at < now() - interval '1 hour'
          and (claimed_until < now() - interval '1 hour' or (claimed_until is null and ${mailServer}))`,
    },
    {
      name: 'audit-without-gaps',
      expects:
        'Each account that came to be since the oldest event has an event of its own, each erasure has its event, and each account that is closing says when that began.',
      remedy:
        'Restore the events from a backup if there is one. meridian repair records that they are missing, so that the gap is known.',
      // The numbers of the events tell nothing: a transaction that is undone leaves a hole among them, lawfully. What can
      // be told is a state without the event that its own statement must have written.
      offenders: sql`
        select concat_ws(' ', 'accounts', a.id) as subject, 'has no event at all' as found
        from accounts a
        where a.created_at >= (select min(occurred_at) from audit_events)
          and not exists (select from audit_events e where e.account_id = a.id)
          and not exists (select from archived_rows r where r.account_id = a.id and r.former is null)
        union all
        select concat_ws(' ', 'accounts', a.id), 'is closing, and no event says so'
        from accounts a
        where a.status = 'closing' and a.created_at >= (select min(occurred_at) from audit_events)
          and exists (select from audit_events e where e.account_id = a.id)
          and not exists (
            select from audit_events e
            where e.account_id = a.id and e.event in ('account-closing', 'account-repaired')
          )
        union all
        select 'the day ' || to_char(day, 'YYYY-MM-DD'), 'more accounts were erased than events say'
        from (
          select date_trunc('day', erased_at) as day, count(*) as n from tombstones
          where erased_at >= (select min(occurred_at) from audit_events) group by 1
        ) erased
        where n > (
          select count(*) from audit_events e
          where e.event = 'account-erased' and date_trunc('day', e.occurred_at) = erased.day
        )`,
    },
  ]
}
