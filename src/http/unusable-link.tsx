import type { FastifyReply, FastifyRequest } from 'fastify'
import { answer } from '../answers/catalogue.ts'
import { UnusableLinkPage, type UnusableLinkPageProps } from '../ui/unusable-link.tsx'
import type { CookieName } from './cookies.ts'
import type { Web } from './web.ts'

type LinkWords = Pick<UnusableLinkPageProps, 'words' | 'whatNow' | 'next'> & { title?: string }

/** Answers a link that does nothing any more, with words of its own feature, and forgets its code. */
export function sendUnusableLink(
  web: Web,
  request: FastifyRequest,
  reply: FastifyReply,
  cookie: CookieName,
  words: LinkWords,
) {
  const { status, title } = answer('code-unusable')
  web.cookies.clear(reply, cookie)
  return web.send(reply, <UnusableLinkPage page={web.page(request, reply)} title={title} {...words} />, status)
}
