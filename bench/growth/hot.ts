import { Passwords } from '../../src/accounts/passwords/passwords.ts'
import { newSubmission } from '../../src/accounts/receipts/receipts.ts'
import { findSession } from '../../src/accounts/sessions/sessions.ts'
import { searchCustomers } from '../../src/accounts/directory/search.ts'
import { register } from '../../src/flows/registration/register.ts'
import { registrationParser } from '../../src/flows/registration/input.ts'
import { signIn } from '../../src/flows/sign-in/sign-in.ts'
import { Keys, sha256 } from '../../src/lib/keys.ts'
import { newSecret } from '../../src/lib/random.ts'
import { limitsIn } from '../../src/limits/limits.ts'
import { fromSomewhere, newPerson } from '../speed/errands.ts'
import { COST } from '../speed/servers.ts'
import { somePeople, typedOf, type Sampled } from './errands.ts'
import { PASSWORD, SIGNED_IN_EACH, tokenOf } from './fill.ts'
import { ExplainingDatabase, type Planned } from './plans.ts'

/** What each statement of a flow costs PostgreSQL, by flow. */
export type Plans = Record<string, Planned[]>

/** Carries each flow out once, on a site that was filled, by the program's own core, and keeps how PostgreSQL went about each statement. */
export async function plansOf(appUrl: string, superuserUrl: string): Promise<Plans> {
  const database = new ExplainingDatabase(appUrl)
  const passwords = new Passwords({ memoryKib: Number(COST.MEMORY_KIB), passes: Number(COST.PASSES) })
  const keys = new Keys([newSecret()])
  const flows = { database, passwords, limits: limitsIn(database), keys }
  const network = fromSomewhere()
  const client = { network, userAgent: 'a browser of the bench', browser: sha256(newSecret()) }
  const origin = { network, reference: null }
  const [someone] = (await somePeople(superuserUrl, 1)) as [Sampled]

  const person = await registrationParser({
    defaultCountry: 'US',
    passwordPolicy: { minLength: 8, brand: 'Meridian' },
  })(newPerson())
  if (!person.ok) throw new Error(JSON.stringify(person.refusals))

  const registered = () => register(flows, { input: person.value, submission: newSubmission(), client, origin })
  const signedIn = () =>
    signIn(flows, { identifier: someone.email, password: PASSWORD, previousToken: null, client, origin })

  const plans: Plans = {
    registration: await database.during(async () => good((await registered()).outcome === 'registered')),
    'sign-in': await database.during(async () => good((await signedIn()).outcome === 'signed-in')),
    'session check': await database.during(async () =>
      good((await findSession(database, tokenOf(SIGNED_IN_EACH))) !== null),
    ),
    'search for both names': await database.during(() => searchCustomers(database, typedOf(someone, 0))),
    'search for an address': await database.during(() => searchCustomers(database, typedOf(someone, 1))),
    'search for a number': await database.during(() => searchCustomers(database, typedOf(someone, 2))),
    'search with a typo': await database.during(() => searchCustomers(database, typedOf(someone, 3))),
  }
  await database.close()
  return plans
}

function good(done: boolean): void {
  if (!done) throw new Error('What was to be explained was not done')
}
