import type { FastifyInstance } from 'fastify'
import { may } from '../../accounts/permissions.ts'
import type { Database } from '../../database/database.ts'
import type { Web } from '../../http/web.ts'
import { lastVerdict, verdictWords } from '../../operations/doctor/verdicts.ts'
import { lettersWaiting, registrationsByDay } from '../../operations/figures/figures.ts'
import { urls } from '../../urls.ts'
import { ConsoleHomePage } from './page.tsx'

const DAYS_SHOWN = 14
const DAYS_OF_A_WEEK = 7

export function consoleHomeRoutes(server: FastifyInstance, web: Web, database: Database): void {
  server.get(urls.console, { config: { access: 'staff', may: 'use-console' } }, async (request, reply) => {
    const [days, waiting, verdict] = await Promise.all([
      registrationsByDay(database, DAYS_SHOWN),
      lettersWaiting(database),
      lastVerdict(database),
    ])
    const facts = [
      { label: 'Customers registered today', value: sum(days.slice(-1)) },
      { label: 'Registered in the last seven days', value: sum(days.slice(-DAYS_OF_A_WEEK)) },
      { label: 'Letters waiting to be sent', value: waiting },
      ...(verdict && may(web.signedIn(request), 'see-reports')
        ? [{ label: verdictWords(verdict), value: verdict.findings.length, href: urls.verdict }]
        : []),
    ]
    return web.send(reply, <ConsoleHomePage page={web.page(request, reply)} facts={facts} days={days} />)
  })
}

function sum(days: readonly { registrations: number }[]): number {
  return days.reduce((total, { registrations }) => total + registrations, 0)
}
