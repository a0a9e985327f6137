import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { Passwords } from './accounts/passwords/passwords.ts'
import type { Config } from './config.ts'
import { consoleHomeRoutes } from './console/home/routes.tsx'
import type { Database } from './database/database.ts'
import { registrationParser } from './flows/registration/input.ts'
import { staffRegistrationParser } from './flows/staff-registration/input.ts'
import { measureResponses, openMetrics } from './http/metrics.ts'
import { createServer } from './http/server.ts'
import { Web } from './http/web.ts'
import { Keys } from './lib/keys.ts'
import type { Log } from './lib/log.ts'
import { projectRoot } from './lib/project-root.ts'
import { limitsIn, noLimits } from './limits/limits.ts'
import type { Assets } from './ui/page.ts'
import { urls } from './urls.ts'
import { assetRoutes } from './web/assets/routes.ts'
import { landingRoutes } from './web/landing/routes.tsx'
import { machineRoutes } from './web/machines/routes.ts'
import { problemRoutes } from './web/problem/routes.tsx'
import { profileRoutes } from './web/profile/routes.tsx'
import { registrationRoutes } from './web/registration/routes.tsx'
import { signInRoutes } from './web/sign-in/routes.tsx'
import { signOutRoutes } from './web/sign-out/routes.tsx'
import { staffRegistrationRoutes } from './web/staff-registration/routes.tsx'

/** The whole application on an open database: every room, by hand, in order. */
export async function buildApp(config: Config, database: Database, log: Log): Promise<FastifyInstance> {
  const keys = new Keys(config.SECRETS)
  const passwords = new Passwords({ memoryKib: config.ARGON2_MEMORY_KIB, passes: config.ARGON2_PASSES })
  const limits = config.LIMITS === 'on' ? limitsIn(database) : noLimits
  const metrics = openMetrics(passwords)
  const rules = {
    defaultCountry: config.DEFAULT_COUNTRY,
    passwordPolicy: { minLength: config.PASSWORD_MIN_LENGTH, brand: config.BRAND_NAME },
  }
  const staffRules = {
    ...rules,
    passwordPolicy: { ...rules.passwordPolicy, minLength: config.STAFF_PASSWORD_MIN_LENGTH },
  }
  const everything = { database, passwords, limits, keys }

  const web = new Web({ brand: config.BRAND_NAME, publicUrl: config.PUBLIC_URL, assets: readAssets() }, database, keys)
  const server = await createServer({ trustProxy: config.TRUST_PROXY, log }, web)
  measureResponses(server, metrics)

  problemRoutes(server, web)
  machineRoutes(server, database, metrics, config.METRICS_TOKEN)
  await assetRoutes(server)
  landingRoutes(server, web)
  registrationRoutes(server, web, { registrar: everything, parse: registrationParser(rules), rules, metrics })
  signInRoutes(server, web, { doorkeeper: everything, metrics })
  signOutRoutes(server, web, database)
  profileRoutes(server, web, database, config.DEFAULT_COUNTRY)
  staffRegistrationRoutes(server, web, {
    registrar: everything,
    parse: staffRegistrationParser(staffRules),
    rules: staffRules,
  })
  consoleHomeRoutes(server, web, database)
  return server
}

/** The names that the build gave to what browsers fetch. */
function readAssets(): Assets {
  const names = JSON.parse(readFileSync(join(projectRoot, 'dist/assets.json'), 'utf8')) as Record<string, string>
  const url = (name: string | undefined) => `${urls.assets}${name}`
  return { css: url(names['site.css']), js: url(names['islands.js']), font: names['font'] ? url(names['font']) : null }
}
