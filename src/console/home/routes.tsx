import type { FastifyInstance } from 'fastify'
import type { Account } from '../../accounts/account.ts'
import { may, type Permission } from '../../accounts/permissions.ts'
import type { Database } from '../../database/database.ts'
import type { Web } from '../../http/web.ts'
import { agoInWords } from '../../lib/moments.ts'
import { lastVerdict, type Verdict } from '../../operations/doctor/verdicts.ts'
import {
  figuresByDay,
  LETTERS_COUNTED_UP_TO,
  openLetters,
  type DayOfFigures,
  type OpenLetters,
} from '../../operations/figures/figures.ts'
import { urls } from '../../urls.ts'
import { ConsoleHomePage, type Figure } from './page.tsx'

const DAYS_SHOWN = 30
const DAYS_OF_A_WEEK = 7

export function consoleHomeRoutes(server: FastifyInstance, web: Web, database: Database): void {
  server.get(urls.console, { config: { access: 'staff', may: 'use-console' } }, async (request, reply) => {
    const viewer = web.signedIn(request)
    const seesReports = may(viewer, 'see-reports')
    const [days, letters, verdict] = await Promise.all([
      figuresByDay(database, DAYS_SHOWN),
      openLetters(database),
      seesReports ? lastVerdict(database) : null,
    ])
    const today = days.at(-1)
    const figures = [
      { label: 'Registered today', value: today?.registrations ?? 0, remark: weekInWords(days, 'registrations') },
      { label: 'Signed in today', value: today?.signIns ?? 0, remark: weekInWords(days, 'signIns') },
      letterFigure(letters),
      ...(verdict ? [verdictFigure(verdict, new Date())] : []),
    ]
    return web.send(
      reply,
      <ConsoleHomePage
        page={web.page(request, reply)}
        figures={figures}
        ways={waysFor(viewer)}
        registrations={days.map(({ day, registrations }) => ({ day, count: registrations }))}
        signIns={days.map(({ day, signIns }) => ({ day, count: signIns }))}
        refusals={seesReports ? refusalsOf(days.slice(-DAYS_OF_A_WEEK)) : null}
      />,
    )
  })
}

const ways: readonly { href: string; words: string; may: Permission }[] = [
  { href: urls.customers, words: 'Find a customer', may: 'find-customers' },
  { href: urls.signInHelp, words: 'Somebody can’t get in', may: 'help-customers' },
  { href: urls.customerAtTheDesk, words: 'Register a customer', may: 'help-customers' },
  { href: urls.staffInvitation, words: 'Invite a colleague', may: 'manage-staff' },
]

function waysFor(viewer: Pick<Account, 'role'>) {
  return ways.filter((way) => may(viewer, way.may))
}

function weekInWords(days: readonly DayOfFigures[], figure: 'registrations' | 'signIns'): string {
  const week = days.slice(-DAYS_OF_A_WEEK).reduce((total, day) => total + day[figure], 0)
  return `${week.toLocaleString('en-GB')} in seven days`
}

/** What is worst of them comes first, and leads to the letters that are meant. */
function letterFigure({ waiting, failing, givenUp }: OpenLetters): Figure {
  const listed = (state: string) => `${urls.letters}?${new URLSearchParams({ state }).toString()}`
  if (failing > 0) {
    const remark = [
      waiting > 0 ? `${counted(waiting)} waiting` : null,
      givenUp > 0 ? `${counted(givenUp)} given up` : null,
    ]
    return {
      label: 'Letters failing',
      value: counted(failing),
      remark: remark.filter(Boolean).join(', '),
      href: listed('failing'),
      amiss: true,
    }
  }
  if (givenUp > 0) {
    return {
      label: 'Letters given up',
      value: counted(givenUp),
      remark: `in seven days${waiting > 0 ? `; ${counted(waiting)} waiting` : ''}`,
      href: listed('given up'),
      amiss: true,
    }
  }
  return {
    label: 'Letters waiting',
    value: counted(waiting),
    remark: 'None failing, none given up',
    href: waiting > 0 ? listed('waiting') : urls.letters,
  }
}

function counted(letters: number): string {
  return letters < LETTERS_COUNTED_UP_TO ? `${letters}` : `${LETTERS_COUNTED_UP_TO}+`
}

function verdictFigure({ sound, asked, findings, givenAt }: Verdict, now: Date): Figure {
  const amiss = findings.filter(({ unasked }) => unasked === null).length
  const trouble = amiss > 0 ? `${amiss} amiss` : `${findings.length} not asked`
  return {
    label: 'The doctor’s verdict',
    value: sound ? 'Sound' : trouble,
    remark: `${asked} things asked, ${agoInWords(givenAt, now)}`,
    href: urls.verdict,
    amiss: !sound,
  }
}

const refusalWords: Record<string, string> = {
  'sign-in-refused:wrong-credentials': 'Wrong name or password at signing in',
  'sign-in-refused:account-suspended': 'The account is suspended',
  'sign-in-refused:account-closing': 'The account is closing',
  'password-refused:wrong-credentials': 'Wrong password, given again while signed in',
}

function refusalsOf(days: readonly DayOfFigures[]): readonly { words: string; count: number }[] {
  const counts = new Map<string, number>()
  for (const [reason, count] of days.flatMap(({ refusals }) => Object.entries(refusals)))
    counts.set(reason, (counts.get(reason) ?? 0) + count)
  return [...counts]
    .map(([reason, count]) => ({ words: refusalWords[reason] ?? reason, count }))
    .toSorted((a, b) => b.count - a.count)
}
