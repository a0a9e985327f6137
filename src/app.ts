import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FastifyInstance } from 'fastify'
import { sessionApiRoutes } from './api/session/routes.ts'
import { Passwords } from './accounts/passwords/passwords.ts'
import type { Config } from './config.ts'
import { customersRoutes } from './console/customers/routes.tsx'
import { deskRegistrationRoutes } from './console/desk-registration/routes.tsx'
import { consoleHomeRoutes } from './console/home/routes.tsx'
import { importRoutes } from './console/import/routes.tsx'
import { lettersRoutes } from './console/letters/routes.tsx'
import { verdictRoutes } from './console/verdict/routes.tsx'
import { mergingRoutes } from './console/merging/routes.tsx'
import { personRoutes } from './console/person/routes.tsx'
import type { Database } from './database/database.ts'
import { registrationParser } from './flows/registration/input.ts'
import { staffRegistrationParser } from './flows/staff-registration/input.ts'
import { measureResponses, openMetrics } from './http/metrics.ts'
import { proxiesIn } from './http/proxies.ts'
import { createServer } from './http/server.ts'
import { Web } from './http/web.ts'
import { Keys } from './lib/keys.ts'
import type { Log } from './lib/log.ts'
import { projectRoot } from './lib/project-root.ts'
import type { Rounds } from './lib/rounds.ts'
import { SECOND } from './lib/time.ts'
import { limitsIn, noLimits } from './limits/limits.ts'
import { Courier } from './mail/courier.ts'
import { startDelivery } from './operations/delivery/delivery.ts'
import { letterWriter } from './operations/delivery/letter-writer.ts'
import type { Assets } from './ui/page.ts'
import { codePaths, urls } from './urls.ts'
import { assetRoutes } from './web/assets/routes.ts'
import { confirmationRoutes } from './web/confirmation/routes.tsx'
import { leavingRoutes } from './web/leaving/routes.tsx'
import { landingRoutes } from './web/landing/routes.tsx'
import { machineRoutes } from './web/machines/routes.ts'
import { emailChangeRoutes } from './web/email-change/routes.tsx'
import { passwordChangeRoutes } from './web/password-change/routes.tsx'
import { problemRoutes } from './web/problem/routes.tsx'
import { Shedding } from './web/problem/shedding.ts'
import { profileRoutes } from './web/profile/routes.tsx'
import { reauthenticationRoutes } from './web/reauthentication/routes.tsx'
import { recoveryRoutes } from './web/recovery/routes.tsx'
import { registrationLinkRoutes } from './web/registration/link-routes.tsx'
import { registrationRoutes } from './web/registration/routes.tsx'
import { sessionsRoutes } from './web/sessions/routes.tsx'
import { signInRoutes } from './web/sign-in/routes.tsx'
import { signOutRoutes } from './web/sign-out/routes.tsx'
import { auditRoutes } from './console/audit/routes.tsx'
import { staffRoutes } from './console/staff/routes.tsx'
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
  const policies = { customer: rules.passwordPolicy, staff: staffRules.passwordPolicy }
  const everything = { database, passwords, limits, keys }

  const web = new Web({ brand: config.BRAND_NAME, publicUrl: config.PUBLIC_URL, assets: readAssets() }, database, keys)
  const shedding = new Shedding(web, passwords, { isProxy: proxiesIn(config.TRUST_PROXY), metrics, log })
  const server = await createServer({ trustProxy: config.TRUST_PROXY, log, door: shedding.door }, web)
  measureResponses(server, metrics)
  shedding.watch(server)

  problemRoutes(server, web)
  machineRoutes(server, database, metrics, config.METRICS_TOKEN)
  await assetRoutes(server)
  sessionApiRoutes(server, web)
  landingRoutes(server, web)
  registrationRoutes(server, web, {
    registrar: everything,
    parse: registrationParser(rules),
    rules,
    metrics,
    mode: config.REGISTRATION_MODE,
  })
  registrationLinkRoutes(server, web, everything, metrics)
  signInRoutes(server, web, { doorkeeper: everything, metrics })
  signOutRoutes(server, web, database)
  profileRoutes(server, web, database, config.DEFAULT_COUNTRY)
  sessionsRoutes(server, web, database)
  confirmationRoutes(server, web, everything)
  recoveryRoutes(server, web, { ...everything, policies })
  reauthenticationRoutes(server, web, everything)
  passwordChangeRoutes(server, web, { ...everything, policies })
  emailChangeRoutes(server, web, everything)
  leavingRoutes(server, web, everything)
  staffRegistrationRoutes(server, web, {
    registrar: everything,
    parse: staffRegistrationParser(staffRules),
    rules: staffRules,
  })
  staffRoutes(server, web, everything)
  auditRoutes(server, web, database)
  consoleHomeRoutes(server, web, database)
  customersRoutes(server, web, database)
  lettersRoutes(server, web, {
    database,
    // Whom a mail server writes to reads alone.
    write: config.SMTP_URL ? null : writerOf(config, keys),
  })
  verdictRoutes(server, web, database, { mailServer: config.SMTP_URL !== undefined })
  personRoutes(server, web, everything, config.DEFAULT_COUNTRY)
  mergingRoutes(server, web, database)
  importRoutes(server, web, database)
  deskRegistrationRoutes(server, web, everything, config.DEFAULT_COUNTRY)
  return server
}

/** What leaves this node by mail. Without a mail server letters are written and wait. */
export async function openDelivery(config: Config, database: Database, log: Log): Promise<Rounds> {
  const keys = new Keys(config.SECRETS)
  const { BRAND_NAME: brand, PUBLIC_URL: publicUrl, SMTP_URL, MAIL_FROM } = config
  const post =
    SMTP_URL && MAIL_FROM
      ? (await import('./mail/post.ts')).openPost({
          url: SMTP_URL,
          from: MAIL_FROM,
          brand,
          domain: new URL(publicUrl).hostname,
        })
      : null
  const write = writerOf(config, keys)
  return startDelivery({
    database,
    keys,
    log,
    courier: post && new Courier({ database, post, write, log, claim: config.LETTER_CLAIM_SECONDS * SECOND }),
    post,
  })
}

function writerOf({ BRAND_NAME: brand, PUBLIC_URL: publicUrl }: Config, keys: Keys) {
  return letterWriter({ brand, publicUrl, keys, paths: codePaths })
}

/** The names that the build gave to what browsers fetch. */
function readAssets(): Assets {
  const names = JSON.parse(readFileSync(join(projectRoot, 'dist/assets.json'), 'utf8')) as Record<string, string>
  const url = (name: string | undefined) => `${urls.assets}${name}`
  return { css: url(names['site.css']), js: url(names['islands.js']), font: names['font'] ? url(names['font']) : null }
}
