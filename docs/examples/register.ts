// Registers a customer without HTTP: what the page does, from a script.
import { Passwords } from '../../src/accounts/passwords/passwords.ts'
import { newSubmission } from '../../src/accounts/receipts/receipts.ts'
import { readConfig } from '../../src/config.ts'
import { Database } from '../../src/database/database.ts'
import { openStore } from '../../src/database/store.ts'
import { registrationParser } from '../../src/flows/registration/input.ts'
import { register } from '../../src/flows/registration/register.ts'
import { Keys } from '../../src/lib/keys.ts'
import { noLimits } from '../../src/limits/limits.ts'

const config = readConfig(process.env)
const store = await openStore(config)
const database = new Database({ url: store.appUrl, connections: 1, onIdleError: console.error })
const passwords = new Passwords({ memoryKib: config.ARGON2_MEMORY_KIB, passes: config.ARGON2_PASSES })
const registrar = { database, passwords, limits: noLimits, keys: new Keys(config.SECRETS) }
const passwordPolicy = { minLength: config.PASSWORD_MIN_LENGTH, brand: config.BRAND_NAME }
const parse = registrationParser({ defaultCountry: config.DEFAULT_COUNTRY, passwordPolicy })

const person = await parse({ first_name: 'Ann', last_name: 'Archer', email: process.argv[2], password: process.argv[3] })
const script = { network: null, userAgent: null, browser: null, reference: null }
const request = { submission: newSubmission(), client: script, origin: script }
console.log(person.ok ? (await register(registrar, { input: person.value, ...request })).outcome : person.refusals)

await database.close()
await store.leave()
