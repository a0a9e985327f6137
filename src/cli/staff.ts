import { Command, Option } from 'commander'
import { roleNames, staffRoles, type StaffRole } from '../accounts/account.ts'
import { NO_REQUEST } from '../audit/events.ts'
import type { Config } from '../config.ts'
import type { Database } from '../database/database.ts'
import { parseInvitation } from '../flows/staff-invitation/input.ts'
import { inviteStaff, listInvitations } from '../flows/staff-invitation/invite.ts'
import { changeRole, findStaff, listStaff } from '../flows/staff-role/change-role.ts'
import { restoreAccount, suspendAccount } from '../flows/suspension/suspend.ts'
import { Keys } from '../lib/keys.ts'
import { withDatabase } from './with-database.ts'

/** Exit code for what was refused: nothing was changed. */
const REFUSED = 1

const words: Record<string, string> = {
  suspended: 'Suspended. Every session of the account has ended.',
  'suspended-already': 'It was suspended already.',
  restored: 'Restored. The account can be signed in to again.',
  'not-suspended': 'It was not suspended.',
  changed: 'The role is changed, from the very next request on.',
  unchanged: 'That was the role already.',
  'last-admin': 'Refused: this is the last active admin. Make somebody else an admin first.',
  closing: 'Refused: the account is closing.',
  'no-such-account': 'Refused: nobody on the staff has this address or id.',
}

/** Outcomes after which things are as they were wished. */
const DONE = new Set(['suspended', 'suspended-already', 'restored', 'not-suspended', 'changed', 'unchanged'])

interface Asked {
  reason: string
  json?: boolean
}

export function staffCommand(config: () => Config): Command {
  const staff = new Command('staff').description('Who is on the staff: list, invite, suspend, restore, change a role.')
  const role = () => new Option('--role <role>', 'the role').choices(staffRoles).makeOptionMandatory()

  staff
    .command('list')
    .description('Everybody on the staff, and who is invited.')
    .option('--json', 'print them as JSON')
    .action(({ json }: { json?: boolean }) =>
      withDatabase(config(), async (database) => {
        const [members, invitations] = [await listStaff(database), await listInvitations(database)]
        if (json) return print({ staff: members, invitations })
        for (const { id, email, role: held, status, first_name, last_name } of members)
          process.stdout.write(
            `${id}  ${status.padEnd(9)}  ${roleNames[held].padEnd(13)}  ${first_name} ${last_name}  ${email ?? ''}\n`,
          )
        for (const { id, email, role: offered, expired } of invitations)
          process.stdout.write(
            `${id}  ${(expired ? 'expired' : 'invited').padEnd(9)}  ${roleNames[offered].padEnd(13)}  ${email}\n`,
          )
      }),
    )

  staff
    .command('invite <email>')
    .description('Invite an address, or invite it anew: a letter with a link that works once, within 72 hours.')
    .addOption(role())
    .option('--json', 'print the outcome as JSON')
    .action((email: string, asked: { role: StaffRole; json?: boolean }) =>
      withDatabase(config(), async (database, { SECRETS }) => {
        const parsed = parseInvitation({ email, role: asked.role })
        if (!parsed.ok)
          return tell('refused', parsed.refusals.map(({ words: why }) => why).join(' '), false, asked.json)
        const inviting = { actorId: null, origin: NO_REQUEST }
        const invited = await inviteStaff(database, new Keys(SECRETS), parsed.value, inviting)
        const said = invited
          ? 'Invited. The letter is in the outbox: it leaves by itself, or is read with "meridian mail".'
          : 'Refused: this address belongs to somebody on the staff already.'
        tell(invited ? 'invited' : 'staff-already', said, invited, asked.json)
      }),
    )

  act('suspend', 'End every session of a colleague at once, and let nobody sign in until it is restored.').action(
    (whom: string, { reason, json }: Asked) =>
      carryOut(config(), whom, json, (database, accountId) =>
        database.transaction((within) => suspendAccount(within, { accountId, actorId: null, reason }, NO_REQUEST)),
      ),
  )

  act('restore', 'Lift a suspension.').action((whom: string, { reason, json }: Asked) =>
    carryOut(config(), whom, json, (database, accountId) =>
      restoreAccount(database, { accountId, actorId: null, reason }, NO_REQUEST),
    ),
  )

  act('role', 'Give somebody another role, from their very next request on.')
    .addOption(role())
    .action((whom: string, { reason, json, role: next }: Asked & { role: StaffRole }) =>
      carryOut(config(), whom, json, (database, accountId) =>
        database.transaction((within) =>
          changeRole(within, { accountId, actorId: null, reason, role: next }, NO_REQUEST),
        ),
      ),
    )

  return staff

  function act(name: string, description: string): Command {
    return staff
      .command(`${name} <email-or-id>`)
      .description(description)
      .requiredOption('--reason <text>', 'why, for the record')
      .option('--json', 'print the outcome as JSON')
  }
}

function carryOut(
  config: Config,
  whom: string,
  json: boolean | undefined,
  work: (database: Database, accountId: string) => Promise<string>,
): Promise<void> {
  return withDatabase(config, async (database) => {
    const member = await findStaff(database, whom)
    const outcome = member ? await work(database, member.id) : 'no-such-account'
    tell(outcome, words[outcome] ?? outcome, DONE.has(outcome), json)
  })
}

function tell(outcome: string, said: string, done: boolean, json: boolean | undefined): void {
  if (json) print({ outcome })
  else (done ? process.stdout : process.stderr).write(`${said}\n`)
  if (!done) process.exitCode = REFUSED
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}
