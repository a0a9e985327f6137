// Takes one safeguard away at a time, and demands that a test notices: node scripts/launch.mjs scripts/mutations.mjs [NAME…]
// Each mutation is made in a copy of the project, so that nothing here is touched. It ends with 1 when one goes unnoticed,
// or when a text or a constraint that is to be taken away is no longer there.
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './runtime.mjs'

const PAIRS = 'test/interleavings/two-flows.test.ts'
const GUARANTEE = 'test/promises/profile-guarantee.test.ts'
const CONSTRAINTS = 'test/promises/constraints.test.ts'
const INVITATIONS = 'test/promises/staff-invitation.test.ts'
const REPAIR = 'test/promises/repair.test.ts'
const QUEUE = 'src/accounts/passwords/hashing-queue.test.ts'

/** What is taken away, and which tests are to notice: a file, and the names in it that a pattern finds. */
export const mutations = [
  // Constraints. What they mean for people is tested by flows where there is one, else by raw SQL.
  dropped('accounts', 'accounts_email_canonical_key', PAIRS, 'one address'),
  index('accounts_username_canonical_key', PAIRS, 'one username'),
  dropped('accounts', 'accounts_customer_profile_fkey', GUARANTEE),
  dropped('accounts', 'accounts_staff_profile_fkey', GUARANTEE),
  dropped('customer_profiles', 'customer_profiles_account_fkey', GUARANTEE),
  dropped('staff_profiles', 'staff_profiles_account_fkey', GUARANTEE),
  dropped('accounts', 'accounts_email_is_canonical', CONSTRAINTS),
  dropped('accounts', 'accounts_email_is_whole', CONSTRAINTS),
  dropped('accounts', 'accounts_email_has_at', CONSTRAINTS),
  dropped('accounts', 'accounts_username_has_no_at', CONSTRAINTS),
  dropped('accounts', 'accounts_username_is_whole', CONSTRAINTS),
  dropped('accounts', 'accounts_can_be_named', CONSTRAINTS),
  dropped('accounts', 'accounts_closing_has_its_date', CONSTRAINTS),
  dropped('passwords', 'passwords_account_id_fkey', CONSTRAINTS),
  dropped('sessions', 'sessions_account_id_fkey', CONSTRAINTS),
  dropped('receipts', 'receipts_account_id_fkey', CONSTRAINTS),
  dropped('codes', 'codes_account_id_fkey', CONSTRAINTS),
  dropped('codes', 'codes_code_hash_key', CONSTRAINTS),
  dropped('letters', 'letters_have_one_end', CONSTRAINTS),
  dropped('receipts', 'receipts_pkey', PAIRS, 'the same submission'),
  index('letters_one_welcome_per_account', CONSTRAINTS),
  index('invitations_one_for_first_admin', CONSTRAINTS),
  index('invitations_one_open_per_address', INVITATIONS, 'of one address sent many times at once'),
  dropped('invitations', 'invitations_have_one_end', CONSTRAINTS),
  trigger('accounts', 'accounts_keep_an_admin', 'test/promises/suspension.test.ts'),
  trigger('staff_profiles', 'staff_profiles_keep_an_admin', 'test/promises/suspension.test.ts'),

  // Locks.
  changed(
    'a sign-in locks the account',
    'src/flows/sign-in/statements.ts',
    `where id = \${accountId} and status = 'active' for share`,
    `where id = \${accountId} and status = 'active'`,
    PAIRS,
    'sign-in × (closing|suspension)',
  ),
  changed(
    'an invitation is locked while it is accepted',
    'src/flows/staff-registration/register-staff.ts',
    `        and (i.email_canonical is null or i.email_canonical = \${email.canonical})
      for update`,
    `        and (i.email_canonical is null or i.email_canonical = \${email.canonical})`,
    PAIRS,
    'invitation',
  ),
  changed(
    'a change of address locks the account',
    'src/flows/email-change/confirm.ts',
    `where id = \${accountId} and status = 'active' for update`,
    `where id = \${accountId} and status = 'active'`,
    PAIRS,
    'change of address',
  ),
  changed(
    'an address taken back locks the account',
    'src/flows/email-change/take-back.ts',
    `and a.email_canonical is not null
      for update of a`,
    `and a.email_canonical is not null`,
    PAIRS,
    'taken back',
  ),
  changed(
    'an act on an account locks it',
    'src/accounts/receipts/once-per-form.ts',
    `where id = \${accountId} for update`,
    `where id = \${accountId}`,
    PAIRS,
    'an act of staff',
  ),
  changed(
    'couriers pass over what another has claimed',
    'src/mail/courier.ts',
    'order by due_at limit ${AT_ONCE} for update skip locked',
    'order by due_at limit ${AT_ONCE}',
    PAIRS,
    'courier × courier',
  ),
  changed(
    'limits are taken in one order',
    'src/limits/limits.ts',
    `    order by key -- one order for everybody, so that two never wait for each other
`,
    '',
    'src/limits/limits.test.ts',
  ),

  changed(
    'who is on the staff changes one at a time',
    'src/accounts/staff.ts',
    `select pg_advisory_xact_lock(hashtext('staff'))
      from (select id from accounts where id = \${accountId}::uuid for update) as account`,
    `select id from accounts where id = \${accountId}::uuid for update`,
    'test/promises/staff-console.test.ts',
    'demote each other',
  ),
  changed(
    'two who are merged are locked',
    'src/flows/merging/merge.ts',
    'sql`for update of a`',
    'sql``',
    'test/promises/merging.test.ts',
    'sixteen times at once is one merge',
  ),
  changed(
    'a run that is taken back is locked',
    'src/archive/undo.ts',
    'where id::text = ${run} and kind = ${kind} for update`',
    'where id::text = ${run} and kind = ${kind}`',
    'test/promises/merging.test.ts',
    'taken back sixteen times',
  ),
  changed(
    'a repair keeps writers out',
    'src/operations/doctor/repair.ts',
    'await within.rows(verbatim(lockFor(schema ? tables.map(({ name }) => name) : [...changed])))',
    'void lockFor, changed',
    PAIRS,
    'registration × repair',
  ),
  changed(
    'one import at a time',
    'src/operations/django-import/session.ts',
    `if (!lock?.held) throw new Fault('import-under-way')`,
    `if (!lock) throw new Fault('import-under-way')`,
    'test/promises/django-import-kills.test.ts',
    'two at once',
  ),

  // Conditional updates.
  changed(
    'a code is spent once',
    'src/accounts/codes/codes.ts',
    'and c.purpose = ${purpose} and c.spent_at is null and c.expires_at > now()',
    'and c.purpose = ${purpose} and c.expires_at > now()',
    PAIRS,
    'a code × itself',
  ),
  changed(
    'a code expires',
    'src/accounts/codes/codes.ts',
    'and c.spent_at is null and c.expires_at > now()\n      and a.id',
    'and c.spent_at is null\n      and a.id',
    'test/promises/codes.test.ts',
  ),
  changed(
    'a code holds for the address that it was sent to',
    'src/accounts/codes/codes.ts',
    'and a.id = c.account_id and a.email_canonical = c.email_canonical',
    'and a.id = c.account_id',
    'test/promises/codes.test.ts',
    'proves nothing once',
  ),
  changed(
    'a link changes the address once',
    'src/flows/email-change/confirm.ts',
    'and c.account_id = f.account_id\n        and c.spent_at is null and c.expires_at > now()',
    'and c.account_id = f.account_id\n        and c.expires_at > now()',
    'test/promises/email-change.test.ts',
    'changes nothing a second time',
  ),
  changed(
    'an address is taken back once',
    'src/flows/email-change/take-back.ts',
    `and c.purpose = 'email-revert' and c.spent_at is null
        and c.expires_at > now() and c.account_id = account.account_id`,
    `and c.purpose = 'email-revert'
        and c.expires_at > now() and c.account_id = account.account_id`,
    PAIRS,
    'a code × itself: an address taken back',
  ),
  changed(
    'an invitation is accepted once',
    'src/flows/staff-registration/invitation.ts',
    'i.accepted_at is null and ',
    '',
    PAIRS,
    'invitation',
  ),
  changed(
    'an open invitation alone is sent again',
    'src/flows/staff-invitation/invite.ts',
    `i.email is not null and i.accepted_at is null and i.revoked_at is null
          and \${actorMay(actorId, 'manage-staff')}
        returning i.*`,
    `i.email is not null and \${actorMay(actorId, 'manage-staff')}
        returning i.*`,
    INVITATIONS,
    'sent again voids',
  ),
  changed(
    'an open invitation alone is taken back',
    'src/flows/staff-invitation/invite.ts',
    `i.email is not null and i.accepted_at is null and i.revoked_at is null
          and \${actorMay(actorId, 'manage-staff')}
        returning i.id, i.role`,
    `i.email is not null and \${actorMay(actorId, 'manage-staff')}
        returning i.id, i.role`,
    INVITATIONS,
    'taken back',
  ),
  changed(
    'the last admin is not suspended',
    'src/flows/suspension/suspend.ts',
    `        when p.role = 'admin' and not \${anotherAdminThan(sql\`a.id\`)} then 'last-admin'
`,
    '',
    'test/promises/suspension.test.ts',
  ),
  changed(
    'the last admin stays one',
    'src/flows/staff-role/change-role.ts',
    `          when p.role = 'admin' and a.status = 'active' and not \${anotherAdminThan(sql\`a.id\`)} then 'last-admin'
`,
    '',
    'test/promises/staff-console.test.ts',
    'last admin',
  ),
  changed(
    'a run is taken back once',
    'src/archive/undo.ts',
    `return row.undone ? { outcome: 'undone-before' } : { age: row.age }`,
    'return { age: row.age }',
    REPAIR,
  ),
  changed(
    'an undo keeps what somebody changed since',
    'src/archive/undo.ts',
    'if (missing && missing.count > 0) throw new NotAsLeft({ relation, why, ...missing })',
    'void missing',
    REPAIR,
    'never overwrites',
  ),
  changed(
    'an import gives way to who has the name',
    'src/operations/django-import/apply.ts',
    `from decided d where \${these} and not left_aside
    on conflict do nothing`,
    'from decided d where ${these} and not left_aside',
    PAIRS,
    'import batch',
  ),
  changed(
    'an import archives whom a registration outran',
    'src/operations/django-import/apply.ts',
    '    await fetchOriginals(rowsOf(these))\n',
    '',
    PAIRS,
    'import batch',
  ),
  changed(
    'who was erased is not imported',
    'src/operations/django-import/decide.ts',
    `update decided set left_aside = true
      where legacy_id in (select legacy_id from found where finding = 'erased')`,
    `update decided set left_aside = false
      where legacy_id in (select legacy_id from found where finding = 'erased')`,
    'test/promises/django-import.test.ts',
    'stays erased',
  ),
  changed(
    'no more wait for a hash than there are places',
    'src/accounts/passwords/hashing-queue.ts',
    'return this.#waiting.total >= this.#mostWaiting',
    'return false',
    QUEUE,
  ),
  changed(
    'who would wait too long for a hash is told so at once',
    'src/accounts/passwords/hashing-queue.ts',
    '* this.#meanDuration > this.#bearableNow()',
    '* this.#meanDuration > Infinity',
    QUEUE,
  ),
  changed(
    'who is let in at the door comes at the pace of the hashes',
    'src/accounts/passwords/hashing-queue.ts',
    'this.waiting === 0 ? FASTER_THAN_SERVED.alone : FASTER_THAN_SERVED.others',
    'Infinity',
    QUEUE,
  ),
  changed(
    'in a flood one core is left to the answers',
    'src/accounts/passwords/hashing-queue.ts',
    'return this.#meanRefused >= MOSTLY_REFUSED && areEnough ? fewer : this.#lanes',
    'return this.#lanes',
    QUEUE,
  ),
  changed(
    'but not before those who wait can be served without it',
    'src/accounts/passwords/hashing-queue.ts',
    'this.#meanRefused >= MOSTLY_REFUSED && areEnough',
    'this.#meanRefused >= MOSTLY_REFUSED',
    QUEUE,
  ),
  changed(
    'who sends no form keeps no place',
    'src/web/problem/shedding.ts',
    '!request.complete && leave?.()',
    'undefined',
    'test/promises/overload.test.ts',
    'no form',
  ),
  changed(
    'a page is written over for the next visitor when all of it was sent',
    'src/http/web.ts',
    "reply.raw.once('finish', () => blank.takeBack(page))",
    'blank.takeBack(page)',
    'test/security/asvs-headers.test.ts',
    'slowly',
  ),
  changed(
    'sessions are looked up nowhere any more that a write has found to be gone',
    'src/database/database.ts',
    'onHostGone: () => this.#lines.renew()',
    'onHostGone: () => undefined',
    'src/database/shared-lines.test.ts',
    'holds for the lines too',
  ),
  changed(
    'a line without an answer is broken off',
    'src/database/database.ts',
    'lease.cut()',
    "lease.release('spoiled')",
    'src/database/shared-lines.test.ts',
    'broken off',
  ),
  changed(
    'who waits for a connection is served though its host is given up',
    'src/database/primary-pool.ts',
    'if (pool.waitingCount > 0) return',
    '',
    'src/database/database.test.ts',
    'gets the next',
  ),
  changed(
    'a question whose line was lost is asked once more',
    'src/database/database.ts',
    "({ connection }) => connection !== 'good'",
    '() => false',
    'src/database/shared-lines.test.ts',
    'lost while many are asking',
  ),
  changed(
    'a sign-in holds for the password that was verified',
    'src/flows/sign-in/statements.ts',
    'and p.hash = ${verified} and p.disabled_at is null',
    'and p.disabled_at is null',
    PAIRS,
    "squatter's sign-in",
  ),
  changed(
    'a sign-in ends with a disabled password',
    'src/flows/sign-in/statements.ts',
    'and p.hash = ${verified} and p.disabled_at is null',
    'and p.hash = ${verified}',
    PAIRS,
    'sign-in × an address taken back',
  ),
  changed(
    'a change of password holds for the password that was verified',
    'src/flows/password-change/change-password.ts',
    'p.hash = ${verified} and p.disabled_at is null',
    'p.disabled_at is null',
    PAIRS,
    "squatter's change of password",
  ),
  changed(
    'a change of password holds for a session that is still there',
    'src/flows/password-change/change-password.ts',
    `
        and exists (select from sessions where token_hash = \${sha256(sessionToken)} and account_id = \${account.id})`,
    '',
    PAIRS,
    'change of password × signing out',
  ),
  changed(
    'only an active account closes',
    'src/flows/leaving/close.ts',
    `and kind = 'customer' and status = 'active'`,
    `and kind = 'customer'`,
    'test/promises/leaving.test.ts',
  ),
  changed(
    'a guess is counted before it is looked at',
    'src/limits/limits.ts',
    'taken = case when l.window_ends_at <= now() then 1 else l.taken + 1 end',
    'taken = 1',
    'src/limits/limits.test.ts',
  ),

  // What ends with something else.
  changed(
    'recovery ends every session',
    'src/flows/recovery/recover.ts',
    'delete from sessions where account_id = ${account.account_id}',
    'delete from sessions where account_id = ${account.account_id} and false',
    PAIRS,
    "the owner's recovery",
  ),
  changed(
    'a suspension ends every session',
    'src/flows/suspension/suspend.ts',
    'delete from sessions where account_id = ${act.accountId}',
    'delete from sessions where account_id = ${act.accountId} and false',
    PAIRS,
    'sign-in × suspension',
  ),
  changed(
    'closing ends every session',
    'src/flows/leaving/close.ts',
    'delete from sessions where account_id = ${accountId}',
    'delete from sessions where account_id = ${accountId} and false',
    PAIRS,
    'sign-in × closing',
  ),
  changed(
    'an address taken back disables the password',
    'src/flows/email-change/take-back.ts',
    'set disabled_at = coalesce(p.disabled_at, now()) from spent where',
    'set disabled_at = p.disabled_at from spent where',
    PAIRS,
    'taken back',
  ),
  changed(
    'an account is made of every link to its address',
    'src/flows/registration/complete.ts',
    'delete from pending_registrations p using account a where p.email_canonical = a.email_canonical',
    'delete from pending_registrations p using account a where p.email_canonical = a.email_canonical and false',
    'test/promises/verify-first.test.ts',
  ),

  // Idempotency.
  changed(
    'what a lost connection may have swallowed is sent again',
    'src/database/database.ts',
    'if (!mayPass(error) || (repeated > 0 && performance.now() > until)) throw error',
    'if (!mayPass(error) || repeated >= 0 || performance.now() > until) throw error',
    'test/promises/all-or-nothing.test.ts',
    'from the database, after it has committed',
  ),
  changed(
    'a registration leaves a receipt',
    'src/flows/registration/statement.ts',
    '), receipt as (${receiptInsert(fingerprint, sql`account`)}',
    '), receipt as (select from account',
    PAIRS,
    'the same submission',
  ),
  changed(
    'a conflict asks for the receipt first',
    'src/accounts/receipts/once.ts',
    'const verdict = (await replay()) ?? (await whyNot())',
    'const verdict = await whyNot()',
    PAIRS,
    'the same submission',
  ),
  changed(
    'a limit asks for the receipt first',
    'src/accounts/receipts/once.ts',
    'if (refused) return (await replay()) ?? refused',
    'if (refused) return refused',
    'test/promises/overload.test.ts',
    'limits',
  ),
  changed(
    "a submission's session has always the same token",
    'src/accounts/receipts/receipts.ts',
    "return keys.sign(TOKEN_PURPOSE, fingerprinted).toString('base64url')",
    "return newSecret() || keys.sign(TOKEN_PURPOSE, fingerprinted).toString('base64url')",
    PAIRS,
    'the same submission',
  ),
  changed(
    'an act of staff is carried out once',
    'src/accounts/receipts/once-per-form.ts',
    'if (await wasCarriedOut(within, print)) return true\n',
    '\n',
    PAIRS,
    'an act of staff',
  ),
  changed(
    'a confirmation sent again is told that it was done',
    'src/flows/confirmation/confirm.ts',
    'confirmed || (await wasConfirmedBy(database, code))',
    'confirmed',
    PAIRS,
    'a code × itself: confirmation',
  ),
  changed(
    'a change of address sent again is told that it was done',
    'src/flows/email-change/confirm.ts',
    'changed || (await wasChangedBy(database, confirmation))',
    'changed',
    PAIRS,
    'a code × itself: change of address',
  ),
  changed(
    'a recovery leaves a receipt',
    'src/flows/recovery/recover.ts',
    '), receipt as (${receiptInsert(print, sql`account`)}',
    '), receipt as (select from account',
    'test/promises/recovery.test.ts',
  ),
]

function dropped(table, constraint, file, names) {
  const statement = `alter table ${table} drop constraint ${constraint} cascade;`
  return { name: constraint, kind: 'constraint', statement, text: `  constraint ${constraint} `, file, names }
}

function index(name, file, names) {
  return { name, kind: 'constraint', statement: `drop index ${name};`, text: `INDEX ${name} `, file, names }
}

function trigger(table, name, file, names) {
  const statement = `drop trigger ${name} on ${table};`
  return { name, kind: 'constraint', statement, text: `TRIGGER ${name} `, file, names }
}

function changed(name, source, from, to, file, names) {
  return { name, kind: 'code', source, from, to, file, names }
}

/** Why a mutation cannot be made here any more, or null. */
export function flawOf(mutation) {
  const [path, text] =
    mutation.kind === 'code' ? [mutation.source, mutation.from] : ['migrations/schema.sql', mutation.text]
  const count = readFileSync(join(root, path), 'utf8').split(text).length - 1
  if (count === 0) return `${mutation.name}: no longer in ${path}`
  return mutation.kind === 'code' && count > 1 ? `${mutation.name}: ${count} times in ${path}` : null
}

// Not import.meta.main: launch.mjs imports this, and is the main one itself.
if (process.argv[1] === import.meta.filename) main(process.argv.slice(2))

function main(names) {
  const chosen = mutations.filter(({ name }) => names.length === 0 || names.includes(name))
  const unnoticed = chosen.filter((mutation) => !isNoticed(mutation))
  process.stdout.write(`${chosen.length - unnoticed.length} of ${chosen.length} mutations were noticed\n`)
  process.exitCode = unnoticed.length === 0 && chosen.length > 0 ? 0 : 1
}

function isNoticed(mutation) {
  const flaw = flawOf(mutation)
  const began = Date.now()
  const failures = flaw === null ? failuresWith(mutation) : []
  const verdict = flaw ?? (failures.length > 0 ? `noticed by ${failures.length}: ${failures[0]}` : 'NOT NOTICED')
  process.stdout.write(`${mutation.name} (${Math.round((Date.now() - began) / 1000)} s): ${verdict}\n`)
  return failures.length > 0
}

/** The names of the tests that fail in a copy with this mutation. A test that cannot even begin has noticed nothing. */
function failuresWith(mutation) {
  const copy = mkdtempSync(join(tmpdir(), 'meridian-mutation-'))
  try {
    const left = new Set(['node_modules', '.git', 'data', 'dist', 'test-results', 'runtime'])
    cpSync(root, copy, { recursive: true, filter: (path) => !left.has(path.slice(root.length + 1)) })
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
    apply(mutation, copy)
    const pattern = mutation.names === undefined ? [] : ['-t', mutation.names]
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
    spawnSync(process.execPath, [vitest, 'run', mutation.file, ...pattern], {
      cwd: copy,
      env: { ...process.env, INTERLEAVINGS: 'all' },
      // The report tells; what a failure prints may be more than a buffer holds.
      stdio: 'ignore',
    })
    const report = join(copy, 'test-results', 'vitest.json')
    if (!existsSync(report)) return []
    const { testResults } = JSON.parse(readFileSync(report, 'utf8'))
    return testResults.flatMap(({ assertionResults }) =>
      assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName),
    )
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

function apply(mutation, folder) {
  if (mutation.kind === 'constraint') {
    writeFileSync(join(folder, 'migrations', '9999-mutation.sql'), `${mutation.statement}\n`)
    return
  }
  const path = join(folder, mutation.source)
  writeFileSync(
    path,
    readFileSync(path, 'utf8').replace(mutation.from, () => mutation.to),
  )
}
