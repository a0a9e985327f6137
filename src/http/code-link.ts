import type { FastifyReply, FastifyRequest } from 'fastify'
import type { CookieName } from './cookies.ts'
import { queryOf, type Web } from './web.ts'

/** What our codes look like; anything else is no code, and is not kept. */
const CODE = /^[\w-]{1,64}$/

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
): FastifyReply | null {
  const { code } = queryOf(request)
  if (code === undefined) return null
  if (CODE.test(code)) web.cookies.write(reply, cookie, code)
  else web.cookies.clear(reply, cookie)
  return web.redirect(reply, url)
}
