import { isIP } from 'node:net'
import { createTransport } from 'nodemailer'
import { SECOND } from '../lib/time.ts'

export interface PostSettings {
  /** smtp://user:word@host:port or smtps://…. */
  url: string
  /** What stands in From: `Name <address>` or an address. */
  from: string
  brand: string
  /** The domain in Message-IDs. */
  domain: string
  /** Refuses a server that offers no TLS, even on this machine. Elsewhere that goes without saying. */
  requireTls?: boolean
}

export interface Outgoing {
  id: string
  recipient: string
  subject: string
  text: string
  html: string
}

/** The mail server, as the courier needs it. */
export interface Post {
  send: (letter: Outgoing) => Promise<void>
  /** Whether the server will never take this letter, so that trying again is of no use. */
  isForGood: (error: unknown) => boolean
  /** What went wrong, for the console: the server's code and words, without anybody's address. */
  wordsFor: (error: unknown) => string
  close: () => void
}

/**
 * SMTP with TLS that cannot be stripped: on port 465 from the first byte, elsewhere by STARTTLS, without which nothing
 * is sent (ASVS 12.3.1). Only a mail server on this very machine may be spoken to in clear.
 */
export function openPost({ url, from, brand, domain, requireTls = false }: PostSettings): Post {
  const { protocol, hostname } = new URL(url)
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: 5,
    requireTLS: protocol === 'smtp:' && (requireTls || !isLoopback(hostname)),
    connectionTimeout: 10 * SECOND,
    greetingTimeout: 10 * SECOND,
    socketTimeout: 30 * SECOND,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  const sender = senderFrom(from, brand)
  return {
    send: async ({ id, recipient, subject, text, html }) => {
      await transport.sendMail({
        messageId: `<${id}@${domain}>`,
        from: sender,
        // An object and an envelope of our own: no address is ever taken apart by the library.
        to: { name: '', address: recipient },
        envelope: { from: sender.address, to: [recipient] },
        subject,
        text,
        html,
        headers: { 'Auto-Submitted': 'auto-generated' },
      })
    },
    isForGood: (error) => permanent.has(responseCode(error)),
    wordsFor,
    close: () => transport.close(),
  }
}

/** RFC 5321: no such mailbox, mailbox name not allowed. Other 5xx may be the server's mood or our address's reputation. */
const permanent = new Set([550, 551, 553])

function senderFrom(from: string, brand: string): { name: string; address: string } {
  const [, name, address] = /^(.*?)\s*<([^<>]+)>$/.exec(from) ?? []
  return { name: name?.replace(/^"|"$/g, '') || brand, address: address ?? from }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'))
}

function responseCode(error: unknown): number {
  return (error as { responseCode?: number }).responseCode ?? 0
}

function wordsFor(error: unknown): string {
  const { code } = error as { code?: string }
  const words = error instanceof Error ? error.message : String(error)
  const masked = words.replace(/[^\s<>"']+@[^\s<>"']+/g, '(an address)')
  return [code, masked].filter(Boolean).join(': ')
}
