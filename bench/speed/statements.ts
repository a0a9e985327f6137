import { CONFIRMATION_VALID_FOR, newCode } from '../../src/accounts/codes/codes.ts'
import { newSessionToken, type Client } from '../../src/accounts/sessions/sessions.ts'
import type { Origin } from '../../src/audit/events.ts'
import type { Statement } from '../../src/database/sql.ts'
import { registrationParser } from '../../src/flows/registration/input.ts'
import { registrationStatement } from '../../src/flows/registration/statement.ts'
import { Keys } from '../../src/lib/keys.ts'
import { newId, newSecret } from '../../src/lib/random.ts'
import { newPerson } from './errands.ts'

const keys = new Keys([newSecret()])
const parse = registrationParser({ defaultCountry: 'US', passwordPolicy: { minLength: 8, brand: 'Meridian' } })

/** The statement with which a node registers somebody new, whose password was hashed already. */
export async function aRegistration(passwordHash: string, client: Client, origin: Origin): Promise<Statement> {
  const parsed = await parse(newPerson())
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.refusals))
  return registrationStatement({
    accountId: newId(),
    input: parsed.value,
    passwordHash,
    fingerprint: newSecret(),
    sessionToken: newSessionToken(),
    confirmation: newCode(keys, 'confirmation', newId(), CONFIRMATION_VALID_FOR),
    client,
    origin,
  })
}
