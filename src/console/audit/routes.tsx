import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { parseIdentifier } from '../../accounts/identifier.ts'
import { auditEvents } from '../../audit/events.ts'
import { readAudit, readAuditFilter, recordAuditShowing, type AuditEntry } from '../../audit/reader.ts'
import { auditSentence } from '../../audit/words.ts'
import type { Database } from '../../database/database.ts'
import { named, sql } from '../../database/sql.ts'
import { fieldsOf, queryOf, type Fields } from '../../http/form-body.ts'
import type { Web } from '../../http/web.ts'
import { momentInWords } from '../../lib/moments.ts'
import type { FormError } from '../../ui/form.tsx'
import { maskedNetwork } from '../../ui/masked.ts'
import { capitalised } from '../../ui/words.tsx'
import { urlOf, urls } from '../../urls.ts'
import { AuditPage, type AuditLine } from './page.tsx'

const events = auditEvents.map((event) => ({ value: event, label: capitalised(event.replaceAll('-', ' ')) }))

export function auditRoutes(server: FastifyInstance, web: Web, database: Database): void {
  server.get(urls.audit, { config: { access: 'staff', may: 'see-audit' } }, (request, reply) =>
    answer(request, reply, queryOf(request), false),
  )

  /** Sent, not asked for: an address must stand in no URL, and what is shown is recorded. */
  server.post(urls.audit, { config: { access: 'staff', may: 'see-audit' } }, async (request: FastifyRequest, reply) => {
    const verdict = web.submissions.check(request)
    if (verdict.state !== 'fresh') return web.redirect(reply, urls.audit, 'send-once-more')
    const fields = fieldsOf(request)
    if (fields['act'] === 'show') return answer(request, reply, fields, true)

    const [person, actor] = await Promise.all([idOf(fields['person']), idOf(fields['actor'])])
    const errors: FormError[] = [
      ...(person === undefined ? [{ field: 'person', words: 'No account has this address or id.' }] : []),
      ...(actor === undefined ? [{ field: 'actor', words: 'No account has this address or id.' }] : []),
    ]
    if (errors.length > 0) return answer(request, reply, {}, false, { values: fields, errors })
    const wanted = { ...fields, person: person ?? '', actor: actor ?? '' }
    return web.redirect(reply, `${urls.audit}${queryFrom(wanted)}`)
  })

  async function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    wanted: Fields,
    shown: boolean,
    wrong: { values: Fields; errors: readonly FormError[] } | null = null,
  ) {
    const filter = readAuditFilter(wanted)
    const before = /^\d{1,18}$/.exec(wanted['before'] ?? '')?.[0] ?? null
    const { entries, earlier } = await readAudit(database, filter, before)
    if (shown) await recordAuditShowing(database, web.signedIn(request).id, entries.length, web.origin(request))
    const kept = Object.fromEntries(
      Object.entries({ ...filter, before }).filter((pair): pair is [string, string] => pair[1] !== null),
    )
    return web.send(
      reply,
      <AuditPage
        page={web.page(request, reply)}
        state={{ ...web.form(request, reply, wrong?.values ?? kept), errors: wrong?.errors ?? [] }}
        action={urls.audit}
        events={events}
        lines={entries.map((entry) => lineOf(entry, shown))}
        shown={shown}
        earlier={earlier === null ? null : `${urls.audit}${queryFrom({ ...kept, before: earlier })}`}
        hidden={kept}
      />,
      wrong ? 422 : 200,
    )
  }

  /** The id behind what was typed; null for nothing, undefined for what is nobody's. */
  async function idOf(typed = ''): Promise<string | null | undefined> {
    if (typed.trim() === '') return null
    const identifier = parseIdentifier(typed.trim())
    const row = await database.row<{ id: string }>(
      named(
        'audit-whose',
        sql`
        select id from accounts
        where email_canonical = ${identifier?.email ?? null} or username_canonical = ${identifier?.username ?? null}`,
      ),
    )
    return row?.id ?? readAuditFilter({ person: typed.trim() }).person ?? undefined
  }
}

function queryFrom(wanted: Readonly<Record<string, string>>): string {
  const kept = ['event', 'person', 'actor', 'from', 'until', 'before'].filter((name) => wanted[name])
  return kept.length === 0 ? '' : `?${new URLSearchParams(kept.map((name) => [name, wanted[name] as string]))}`
}

function lineOf(entry: AuditEntry, shown: boolean): AuditLine {
  const { event, details, account_id, actor_id, network } = entry
  const name = (whole: string | null) => (whole ? (shown ? whole : initials(whole)) : null)
  const by =
    actor_id !== null && actor_id !== account_id ? (name(entry.actor_name) ?? 'somebody whose account is gone') : null
  return {
    when: momentInWords(entry.occurred_at),
    sentence: auditSentence(event, { details, by }),
    person: name(entry.person_name) ?? (account_id === null ? '–' : 'an account that is gone'),
    href: account_id !== null && entry.person_name !== null ? urlOf(urls.person, account_id) : null,
    network: network === null ? '–' : shown ? network : maskedNetwork(network),
    reference: entry.reference ?? '–',
  }
}

function initials(name: string): string {
  return name
    .split(/\s+/)
    .map((part) => `${[...part][0]}.`)
    .join(' ')
}
