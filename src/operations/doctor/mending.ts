import { checksOf, keysOf, referencesOf, type ExpectedTable } from '../../database/expected-schema.ts'
import { column, join, sql, verbatim, type Sql } from '../../database/sql.ts'
import { allButTheBest, remove, update, type Step } from './change.ts'
import { asWords, relation } from './invariant.ts'

/** What mends the offenders of each invariant, in the order in which it is done. */
export interface Mending {
  invariant: string
  steps: Step[]
}

/** Rows that somebody can do again, or that come by themselves: one that makes no sense is archived, and nothing is lost. */
const REPEATABLE = new Set([
  'sessions',
  'receipts',
  'codes',
  'email_changes',
  'known_browsers',
  'letters',
  'limits',
  'recovery_requests',
  'pending_registrations',
  'passwords',
])

/** Which of several rows with one key is kept, where it is not the newest. */
const best: Record<string, Sql> = {
  letters: sql`sent_at nulls last, created_at`,
}

const NEWEST = ['last_seen_at', 'changed_at', 'updated_at', 'created_at', 'erased_at', 'window_ends_at']

/** A username that nobody has, for an account that has to lose the only name it had. */
const SPARE_NAME = sql`'account-' || t.id`

const GIVE_UP_ADDRESS = sql`
  email = null, email_delivery = null, email_canonical = null, email_canonical_version = null, email_confirmed_at = null,
  username = coalesce(t.username, ${SPARE_NAME}), username_canonical = coalesce(t.username_canonical, ${SPARE_NAME})`

const GIVE_UP_USERNAME = sql`
  username = case when t.email_canonical is null then ${SPARE_NAME} end,
  username_canonical = case when t.email_canonical is null then ${SPARE_NAME} end`

/** Whoever signed in last is who uses the account; where nobody did, who proved the address, and then who came first. */
const IN_USE = sql`
  (select max(e.occurred_at) from audit_events e where e.account_id = accounts.id and e.event = 'signed-in') desc nulls last,
  (email_confirmed_at is null), created_at, id`

export function mendings(tables: readonly ExpectedTable[]): Mending[] {
  const table = (name: string) => tables.find((each) => each.name === name) as ExpectedTable
  const accounts = table('accounts')
  return [
    ...['customer_profiles', 'staff_profiles'].map((name) => ({
      invariant: `${asWords(name)}-are-single`,
      steps: [mergedProfiles(table(name))],
    })),
    ...tables
      .filter(({ name }) => !['accounts', 'customer_profiles', 'staff_profiles'].includes(name))
      .flatMap((each) => single(tables, each)),
    { invariant: 'accounts-are-well-formed', steps: accountsWellFormed(accounts) },
    { invariant: 'addresses-are-canonical', steps: canonicalAddresses(accounts) },
    {
      invariant: 'one-account-per-address',
      steps: [
        update(
          accounts,
          'Of several accounts with one address, the last to have been signed in to keeps it; the others have their username, and wait to be merged.',
          GIVE_UP_ADDRESS,
          allButTheBest(accounts, sql`email_canonical`, sql`email_canonical is not null`, IN_USE),
        ),
      ],
    },
    {
      invariant: 'usernames-are-canonical',
      steps: [
        update(
          accounts,
          'The canonical username is derived anew.',
          sql`username_canonical = lower(t.username collate "C")`,
          sql`${WRONG_USERNAME} and not exists (
            select from accounts o where o.id <> t.id and lower(t.username collate "C")
              in (o.username_canonical, lower(o.username collate "C"))
          )`,
        ),
        update(
          accounts,
          'A username whose canonical form is another account’s is given up.',
          GIVE_UP_USERNAME,
          sql`(${WRONG_USERNAME}) or t.username_canonical is not nfc normalized`,
        ),
      ],
    },
    {
      invariant: 'one-account-per-username',
      steps: [
        update(
          accounts,
          'Of several accounts with one username, the last to have been signed in to keeps it; the others have their address.',
          GIVE_UP_USERNAME,
          allButTheBest(accounts, sql`username_canonical`, sql`username_canonical is not null`, IN_USE),
        ),
      ],
    },
    ...tables.filter(({ name }) => name !== 'accounts').flatMap((each) => belonging(tables, each)),
    {
      invariant: 'one-profile-of-its-kind',
      steps: [
        made(
          'customer_profiles',
          'A customer without a profile gets an empty one.',
          sql`
          insert into customer_profiles (account_id) select t.id from accounts t
          where t.kind = 'customer' and not exists (select from customer_profiles p where p.account_id = t.id)
          returning *`,
        ),
        made(
          'staff_profiles',
          'A staff member without a profile gets one, of the role that may do least.',
          sql`
          insert into staff_profiles (account_id, role) select t.id, 'customer_care' from accounts t
          where t.kind = 'staff' and not exists (select from staff_profiles p where p.account_id = t.id)
          returning *`,
        ),
      ],
    },
    ...tables.filter(({ name }) => name !== 'accounts').flatMap((each) => wellFormed(tables, each)),
    {
      invariant: 'outbox-not-stuck',
      steps: [
        update(
          table('letters'),
          'A letter that is stuck is due now, and nobody holds it.',
          sql`due_at = now(), claimed_until = null`,
          sql`t.sent_at is null and t.given_up_at is null and t.due_at < now() - interval '1 hour'`,
        ),
      ],
    },
  ]
}

/** Newest non-empty wins, field by field; every original is archived. */
function mergedProfiles({ name, columns }: ExpectedTable): Step {
  const fields = columns.filter(
    (each) => !each.generated && !['account_id', 'created_at', 'updated_at'].includes(each.name),
  )
  const names = join(fields.map((each) => column(each.name)))
  const newest = fields.map(
    (each) => sql`(array_agg(${column(each.name)} order by updated_at desc, created_at desc)
      filter (where ${column(each.name)} is not null and ${column(each.name)}::text <> ''))[1]`,
  )
  return {
    relation: name,
    why: 'Several profiles of one account are merged: of each field the newest that is not empty.',
    first: sql`
      gone as (
        delete from ${relation(name)} where account_id in (
          select account_id from ${relation(name)} group by account_id having count(*) > 1
        ) returning *
      ), merged as (
        insert into ${relation(name)} (account_id, ${names}, created_at, updated_at)
        select account_id, ${join(newest)}, min(created_at), max(updated_at) from gone group by account_id returning *
      )`,
    change: sql`
      select account_id, to_jsonb(gone) as former, null::jsonb as made from gone
      union all select account_id, null, to_jsonb(merged) from merged`,
  }
}

function single(tables: readonly ExpectedTable[], table: ExpectedTable): Mending[] {
  if (!REPEATABLE.has(table.name) && table.name !== 'tombstones') return []
  const newest = NEWEST.find((name) => table.columns.some((each) => each.name === name))
  const order = best[table.name] ?? (newest === undefined ? sql`true` : sql`${column(newest)} desc nulls last`)
  return keysOf(table).map(({ name, columns, where }) => ({
    invariant:
      name === 'letters_one_welcome_per_account' ? 'one-welcome-per-account' : `${asWords(table.name)}-are-single`,
    steps: remove(
      tables,
      table,
      `Of several rows with one key (${name}) ${best[table.name] ? 'the one that was sent' : 'the newest'} is kept.`,
      allButTheBest(table, verbatim(columns), where === null ? sql`true` : verbatim(where), order),
    ),
  }))
}

/** What should have happened when the row that it belongs to went: the foreign key says it. */
function belonging(tables: readonly ExpectedTable[], table: ExpectedTable): Mending[] {
  const steps = referencesOf(table).flatMap(({ name, columns, parent, parentColumns }) => {
    const definition = table.constraints.find((each) => each.name === name)?.definition ?? ''
    const given = columns.map((each) => sql`t.${column(each)} is not null`)
    const same = columns.map((each, n) => sql`p.${column(parentColumns[n] as string)} = t.${column(each)}`)
    const orphan = sql`${join(given, ' and ')}
      and not exists (select from ${relation(parent)} p where ${join(same, ' and ')})`
    if (definition.includes(' ON DELETE CASCADE')) {
      return remove(
        tables,
        table,
        `What belongs to no row of ${parent} any more (${name}) goes, as it should have gone with it.`,
        orphan,
      )
    }
    if (definition.includes(' ON DELETE SET NULL')) {
      const nothing = join(columns.map((each) => sql`${column(each)} = null`))
      return [update(table, `What names a row of ${parent} that is gone (${name}) names none.`, nothing, orphan)]
    }
    return []
  })
  return steps.length === 0 ? [] : [{ invariant: `${asWords(table.name)}-belong`, steps }]
}

/** An empty field instead of one that cannot be; where the field must not be empty, what the row can do without. */
function wellFormed(tables: readonly ExpectedTable[], table: ExpectedTable): Mending[] {
  const { name, columns } = table
  const broken = (condition: string) => sql`not (${verbatim(condition)})`
  const fields = checksOf(table).flatMap(({ name: check, condition }) => {
    const field = columns.find((each) => check === `${name}_${each.name}_check`)
    if (!field || field.notNull) return []
    return [
      update(
        table,
        `A value that cannot be (${check}) is taken away.`,
        sql`${column(field.name)} = null`,
        broken(condition),
      ),
    ]
  })
  const rest = join(
    [
      ...checksOf(table).map(({ condition }) => broken(condition)),
      ...columns.filter((each) => each.notNull && !each.generated).map((each) => sql`t.${column(each.name)} is null`),
      sql`false`,
    ],
    ' or ',
  )
  const own = special[name] ?? []
  const last = REPEATABLE.has(name)
    ? remove(tables, table, 'A row that makes no sense, and that its person can do without, is taken away.', rest)
    : []
  return [
    { invariant: `${asWords(name)}-are-well-formed`, steps: [...own.map((make) => make(table)), ...fields, ...last] },
  ]
}

const special: Record<string, ((table: ExpectedTable) => Step)[]> = {
  passwords: [
    (table) =>
      update(
        table,
        'A count of failures below zero is zero.',
        sql`consecutive_failures = 0`,
        sql`t.consecutive_failures < 0 or t.consecutive_failures is null`,
      ),
  ],
  letters: [
    (table) =>
      update(
        table,
        'A letter that was sent was not given up.',
        sql`given_up_at = null`,
        sql`t.sent_at is not null and t.given_up_at is not null`,
      ),
    (table) =>
      update(
        table,
        'A count of tries below zero is zero.',
        sql`attempts = 0`,
        sql`t.attempts < 0 or t.attempts is null`,
      ),
  ],
  staff_profiles: [
    (table) =>
      update(
        table,
        'A role that is none becomes the one that may do least.',
        sql`role = 'customer_care'`,
        sql`t.role is null or t.role not in ('customer_care', 'manager', 'admin')`,
      ),
  ],
}

const WRONG_USERNAME = sql`t.username ~ '^[\\x21-\\x7e]+$' and t.username_canonical <> lower(t.username collate "C")`

const DERIVED_DELIVERY = sql`case when t.email ~ '^[\\x21-\\x7e]+$'
  then regexp_replace(t.email, '@[^@]*$', '') || '@' || lower(substring(t.email from '@([^@]*)$') collate "C")
  else t.email_delivery end`

function canonicalAddresses(accounts: ExpectedTable): Step[] {
  const derived = sql`lower((${DERIVED_DELIVERY}) collate "C")`
  const wrong = sql`(t.email_canonical <> ${derived} or t.email_delivery <> ${DERIVED_DELIVERY})`
  return [
    update(
      accounts,
      'The canonical address is derived anew.',
      sql`email_delivery = ${DERIVED_DELIVERY}, email_canonical = ${derived}`,
      sql`${wrong} and not exists (
        select from accounts o where o.id <> t.id
          and ${derived} in (o.email_canonical, lower(o.email_delivery collate "C"), lower(o.email collate "C"))
      )`,
    ),
    update(
      accounts,
      'An address whose canonical form is another account’s is given up: its account waits to be merged.',
      GIVE_UP_ADDRESS,
      wrong,
    ),
  ]
}

function accountsWellFormed(accounts: ExpectedTable): Step[] {
  const whole = sql`num_nonnulls(t.email, t.email_delivery, t.email_canonical, t.email_canonical_version) in (0, 4)`
  const taken = sql`exists (select from accounts o where o.id <> t.id and o.email_canonical = lower(t.email_delivery collate "C"))`
  return [
    update(
      accounts,
      'A status that is none becomes suspended: nobody is let in by mistake.',
      sql`status = 'suspended', closes_at = null, closing_reason = null`,
      sql`t.status is null or t.status not in ('active', 'suspended', 'closing')`,
    ),
    update(
      accounts,
      'A closing without its date gets fourteen days from now.',
      sql`closes_at = now() + interval '14 days'`,
      sql`t.status = 'closing' and t.closes_at is null`,
    ),
    update(
      accounts,
      'A date or reason of closing goes from an account that is not closing.',
      sql`closes_at = null, closing_reason = null`,
      sql`t.status <> 'closing' and num_nonnulls(t.closes_at, t.closing_reason) > 0`,
    ),
    update(
      accounts,
      'A name that is too long is cut, one that is missing is empty.',
      sql`first_name = left(coalesce(t.first_name, ''), 150), last_name = left(coalesce(t.last_name, ''), 150)`,
      sql`t.first_name is null or t.last_name is null or char_length(t.first_name) > 150 or char_length(t.last_name) > 150`,
    ),
    update(
      accounts,
      'An address of which a part is missing is made whole from what is there.',
      sql`email = coalesce(t.email, t.email_delivery), email_canonical = lower(t.email_delivery collate "C"), email_canonical_version = coalesce(t.email_canonical_version, 1)`,
      sql`not ${whole} and t.email_delivery is not null and not ${taken}`,
    ),
    update(
      accounts,
      'An address that cannot be made whole, or is none, is given up.',
      GIVE_UP_ADDRESS,
      sql`not ${whole} or position('@' in t.email_canonical) <= 1
      or octet_length(t.email_canonical) not between 3 and 254 or octet_length(t.email_delivery) not between 3 and 254`,
    ),
    update(
      accounts,
      'A username that is not whole, or is an address, is given up.',
      GIVE_UP_USERNAME,
      sql`num_nonnulls(t.username, t.username_canonical) = 1 or position('@' in t.username_canonical) > 0
      or char_length(t.username_canonical) not between 1 and 150 or char_length(t.username) not between 1 and 150`,
    ),
    update(
      accounts,
      'An account that nobody can name gets a username of its own.',
      sql`username = ${SPARE_NAME}, username_canonical = ${SPARE_NAME}`,
      sql`num_nonnulls(t.email_canonical, t.username_canonical) = 0`,
    ),
  ]
}

function made(name: string, why: string, insert: Sql): Step {
  return {
    relation: name,
    why,
    first: sql`made as (${insert})`,
    change: sql`select account_id, null::jsonb as former, to_jsonb(made) as made from made`,
  }
}
