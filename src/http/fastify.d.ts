import type { Permission } from '../accounts/permissions.ts'
import type { CurrentSession } from '../accounts/sessions/sessions.ts'
import type { FormState } from '../ui/form.tsx'
import type { Access, AccessRule } from './access.ts'
import type { JSX } from 'preact'

declare module 'fastify' {
  interface FastifyInstance {
    /** Every route with what stands on its line, as the router was told of it. */
    doors: { method: string[]; url: string; rule: AccessRule }[]
  }

  interface FastifyRequest {
    /** Undefined until it has been asked for; null when nobody is signed in. */
    session: CurrentSession | null | undefined
    /** The browser's identity, when this very request is the one that gives it. */
    newBrowser: string | undefined
    /** The token of every form on this page. */
    formToken: string | undefined
  }

  interface FastifyContextConfig {
    access?: Access
    /** What a member of the staff must be allowed to; stands on every route of theirs. */
    may?: Permission
    /** Asks for the password again when it was given longer ago than RECENT_FOR; for people who are signed in. */
    recent?: true
    /** Answers a form that is sent again after it has itself signed its person out; null when it is none. */
    repeated?: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply | null>
    /** Other programs ask it at every step of their own: its answers are in the log at the level debug alone. */
    askedByServices?: true
    /** Its POST costs a password's hash: a node whose hashing queue is full turns it away before reading it. */
    hashes?: true
    /** Shows the route's form again as it was filled in: what a fault answers with, where there is one. */
    form?: (request: FastifyRequest, reply: FastifyReply, state: FormState) => JSX.Element | Promise<JSX.Element>
  }
}
