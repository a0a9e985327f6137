import { randomInt } from 'node:crypto'
import { SMTPServer } from 'smtp-server'
import { afterAll } from 'vitest'

/** A letter as the mail server was given it. */
export interface Received {
  messageId: string
  recipient: string
  subject: string
  /** The plain text part, as a reader sees it. */
  text: string
  html: string
  /** When it had been taken whole, in milliseconds. */
  at: number
}

type Manner = 'takes' | 'takes its time' | 'refuses for now' | 'refuses for good' | 'hangs' | 'dies after taking'

/** Milliseconds between a letter's last line and the 250, of a server that takes its time. */
const LONGEST_PAUSE = 300

/** A real SMTP server on loopback that keeps what it is given, and can be told to behave badly. */
export class Mailbox {
  readonly received: Received[] = []
  manner: Manner = 'takes'
  readonly #server: SMTPServer
  #port = 0

  private constructor(tls: boolean) {
    this.#server = new SMTPServer({
      authOptional: true,
      disabledCommands: tls ? [] : ['STARTTLS'],
      logger: false,
      onRcptTo: (_, __, done) => {
        if (this.manner === 'refuses for now') return done(refusal(451, 'come back later'))
        return this.manner === 'refuses for good' ? done(refusal(550, 'no such mailbox')) : done()
      },
      onData: (stream, session, done) => {
        const chunks: Buffer[] = []
        stream.on('data', (chunk: Buffer) => chunks.push(chunk))
        stream.on('end', () => {
          if (this.manner === 'hangs') return
          const recipient = session.envelope.rcptTo[0]?.address ?? ''
          this.received.push(read(Buffer.concat(chunks).toString('utf8'), recipient))
          if (this.manner === 'dies after taking') return this.#hangUpOn(session.id)
          if (this.manner === 'takes its time') return void setTimeout(done, randomInt(LONGEST_PAUSE))
          done()
        })
      },
    })
    this.#server.on('error', () => {})
  }

  static async open({ tls = false }: { tls?: boolean } = {}): Promise<Mailbox> {
    const mailbox = new Mailbox(tls)
    await new Promise<void>((listening) => mailbox.#server.listen(0, '127.0.0.1', listening))
    mailbox.#port = (mailbox.#server.server.address() as { port: number }).port
    afterAll(() => mailbox.close())
    return mailbox
  }

  get settings(): { SMTP_URL: string; MAIL_FROM: string } {
    return { SMTP_URL: `smtp://127.0.0.1:${this.#port}`, MAIL_FROM: 'Meridian <accounts@meridian.example>' }
  }

  to(recipient: string): Received[] {
    return this.received.filter((letter) => letter.recipient === recipient)
  }

  close(): Promise<void> {
    return new Promise((closed) => this.#server.close(() => closed()))
  }

  #hangUpOn(sessionId: string): void {
    for (const connection of this.#server.connections) if (connection.id === sessionId) connection.close()
  }
}

/** The one link that a letter carries. */
export function linkIn({ text }: Received): string {
  const link = /https?:\/\/\S+\?code=\S+/.exec(text)?.[0]
  if (!link) throw new Error(`no link in: ${text}`)
  return link
}

function refusal(code: number, words: string): Error {
  return Object.assign(new Error(words), { responseCode: code })
}

function read(source: string, recipient: string): Received {
  const [head = ''] = source.split('\r\n\r\n')
  const header = (name: string) =>
    new RegExp(`^${name}: (.*(?:\r\n[ \t].*)*)`, 'im').exec(head)?.[1]?.replace(/\r\n\s+/g, ' ') ?? ''
  return {
    messageId: header('Message-ID'),
    recipient,
    subject: header('Subject'),
    text: partOf(source, 'text/plain'),
    html: partOf(source, 'text/html'),
    at: Date.now(),
  }
}

/** The decoded part of that type: nodemailer writes quoted-printable, or 7bit where nothing needs encoding. */
function partOf(source: string, type: string): string {
  const part = source.split(/\r\n--[^\r\n]+/).find((text) => text.toLowerCase().includes(`content-type: ${type}`)) ?? ''
  const [head = '', ...rest] = part.split('\r\n\r\n')
  const body = rest.join('\r\n\r\n')
  if (/base64/i.test(head)) return Buffer.from(body, 'base64').toString('utf8')
  if (!/quoted-printable/i.test(head)) return body
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}
