import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Passwords } from '../../accounts/passwords/passwords.ts'
import { answer } from '../../answers/catalogue.ts'
import { networkOf } from '../../http/network.ts'
import type { Web } from '../../http/web.ts'
import { SECOND } from '../../lib/time.ts'
import { renderDocument } from '../../ui/layout.tsx'
import { ProblemPage } from './page.tsx'

/** Forms a second that are given back as they were filled in while the queue is full: more of them than this is a flood. */
const FORMS_GIVEN_BACK = 50

const WHAT_NOW =
  'Go back: your browser keeps what you typed. Wait a moment, then send it again: nothing was lost, and nothing will happen twice.'

/**
 * Turns away who would wait for a hash in vain, before their form is even read: what a refusal costs decides how great a
 * flood may be while everybody else is served. Only a node whose queue is full asks. A few each second go on, and get
 * their form back, or the answer to what they sent before; the others get a page that was made once.
 */
export function shedEarly(server: FastifyInstance, web: Web, passwords: Pick<Passwords, 'refuses'>): void {
  const { status, retryAfter = 1 } = answer('hashing-busy')
  const goesOn = atMost(FORMS_GIVEN_BACK, SECOND)
  let page: Buffer | null = null

  server.addHook('onRequest', async (request, reply) => {
    if (!request.routeOptions.config.hashes || request.method !== 'POST') return undefined
    if (!passwords.refuses(networkOf(request.ip)) || goesOn()) return undefined
    page ??= Buffer.from(busyPage(request, reply))
    return reply
      .status(status)
      .header('retry-after', retryAfter)
      .header('cache-control', 'no-store')
      .type('text/html; charset=utf-8')
      .send(page)
  })

  /** The page as it is for everybody: it says nothing of whoever was the first to get it. */
  function busyPage(request: FastifyRequest, reply: FastifyReply): string {
    const { title, words } = answer('hashing-busy')
    const nobody = { ...web.page(request, reply), viewer: null, viewerUnknown: true, notice: null }
    return renderDocument(
      <ProblemPage
        page={nobody}
        title={title}
        words={words}
        whatNow={WHAT_NOW}
        reference={null}
        retryAfterSeconds={retryAfter}
      />,
    )
  }
}

/** Says yes so many times in each window. */
function atMost(most: number, window: number): () => boolean {
  let endsAt = 0
  let taken = 0
  return () => {
    const now = performance.now()
    if (now >= endsAt) {
      endsAt = now + window
      taken = 0
    }
    taken += 1
    return taken <= most
  }
}
