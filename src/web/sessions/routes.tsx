import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { deviceInWords } from '../../accounts/sessions/device.ts'
import { endOtherSessions, endOwnSession, listSessions, type OwnSession } from '../../accounts/sessions/own-sessions.ts'
import type { CurrentSession } from '../../accounts/sessions/sessions.ts'
import type { Database } from '../../database/database.ts'
import type { FlashCode } from '../../http/flash.ts'
import { fieldsOf } from '../../http/form-body.ts'
import { type Web } from '../../http/web.ts'
import { agoInWords, momentInWords } from '../../lib/moments.ts'
import { urls } from '../../urls.ts'
import { ALL_OTHERS, SessionsPage, type SessionLine } from './page.tsx'

export function sessionsRoutes(server: FastifyInstance, web: Web, database: Database): void {
  server.get(urls.sessions, { config: { access: 'signed-in' } }, async (request, reply) => {
    const sessions = await listSessions(database, web.signedInSession(request))
    return web.send(reply, page(request, reply, sessions))
  })

  server.post(urls.sessions, { config: { access: 'signed-in', recent: true } }, async (request, reply) => {
    const { end = '' } = fieldsOf(request)
    const verdict = web.submissions.check(request)
    if (verdict.state !== 'fresh') return web.redirect(reply, urls.sessions, 'send-once-more')
    const told = await destroy(request, web.signedInSession(request), end)
    return web.redirect(reply, urls.sessions, told)
  })

  /** Sent twice, the first one ends it, and both are told what is true afterwards. */
  async function destroy(request: FastifyRequest, session: CurrentSession, end: string): Promise<FlashCode> {
    if (end === ALL_OTHERS) {
      await endOtherSessions(database, session, web.origin(request))
      return 'other-sessions-ended'
    }
    const ended = await endOwnSession(database, session, end, web.origin(request))
    return ended ? 'session-ended' : 'session-had-ended'
  }

  function page(request: FastifyRequest, reply: FastifyReply, sessions: readonly OwnSession[]) {
    return (
      <SessionsPage
        page={web.page(request, reply)}
        token={web.submissions.newToken(request, reply)}
        action={urls.sessions}
        passwordUrl={urls.passwordChange}
        sessions={sessions.map(lineOf)}
      />
    )
  }
}

function lineOf({ id, user_agent, network, created_at, last_seen_at, current }: OwnSession): SessionLine {
  return {
    id,
    device: deviceInWords(user_agent),
    network: network ?? 'unknown',
    signedIn: momentInWords(created_at),
    lastSeen: current ? 'now' : agoInWords(last_seen_at, new Date()),
    current,
  }
}
