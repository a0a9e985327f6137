import type { FastifyReply, FastifyRequest } from 'fastify'
import type { CookieName } from './cookies.ts'
import type { Web } from './web.ts'

/** Longer than any code of ours; what a link carries beyond it is not kept. */
const LONGEST_CODE = 64

/**
 * A link's code goes from the address into a cookie, and so leaves the address bar, the history and the Referer at once;
 * the page is then opened at its plain address. A scanner that follows the link has spent nothing.
 */
export function takeCodeFromLink(
  web: Web,
  request: FastifyRequest,
  reply: FastifyReply,
  cookie: CookieName,
  url: string,
) {
  const { code } = request.query as { code?: string }
  if (code === undefined) return null
  web.cookies.write(reply, cookie, code.slice(0, LONGEST_CODE))
  return web.redirect(reply, url)
}
