// Registers a customer without HTTP: what the page does, from a script.
import { Passwords } from '../../src/accounts/passwords/passwords.ts'
import { newSubmission } from '../../src/accounts/receipts/receipts.ts'
import { readConfig } from '../../src/config.ts'
import { Database } from '../../src/database/database.ts'
import { openStore } from '../../src/database/store.ts'
import { registrationParser } from '../../src/flows/registration/input.ts'
import { register } from '../../src/flows/registration/register.ts'
import { Keys } from '../../src/lib/keys.ts'
import { limitsIn } from '../../src/limits/limits.ts'

const config = readConfig(process.env)
const store = await openStore(config)
const database = new Database({ url: store.appUrl, connections: 1, onIdleError: console.error })
const passwords = new Passwords({ memoryKib: config.ARGON2_MEMORY_KIB, passes: config.ARGON2_PASSES })
const registrar = { database, passwords, limits: limitsIn(database), keys: new Keys(config.SECRETS) }
const passwordPolicy = { minLength: config.PASSWORD_MIN_LENGTH, brand: config.BRAND_NAME }
const parse = registrationParser({ defaultCountry: config.DEFAULT_COUNTRY, passwordPolicy })

const [email = 'ann@example.com', password = 'kettle harbour zebra'] = process.argv.slice(2)
const parsed = parse({ first_name: 'Ann', last_name: 'Archer', email, password })
const nobody = { client: { network: null, userAgent: null, browser: null }, origin: { network: null, reference: null } }
if (!parsed.ok) console.error(parsed.refusals)
else console.log((await register(registrar, { input: parsed.value, submission: newSubmission(), ...nobody })).outcome)

await database.close()
await store.leave()
