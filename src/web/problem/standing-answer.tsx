import type { IncomingMessage, ServerResponse } from 'node:http'
import { answer, type AnswerCode } from '../../answers/catalogue.ts'
import type { Metrics } from '../../http/metrics.ts'
import { securityHeaders } from '../../http/security-headers.ts'
import { BODY_LIMIT, newReference } from '../../http/server.ts'
import type { Web } from '../../http/web.ts'
import type { Log } from '../../lib/log.ts'
import { SECOND } from '../../lib/time.ts'
import { renderDocument } from '../../ui/layout.tsx'
import { ProblemPage } from './page.tsx'

const WHAT_NOW =
  'Go back: your browser keeps what you typed. Wait a moment, then send it again: nothing was lost, and nothing will happen twice.'

/** What everybody gets within one second, under one reference, which leads to one line of the log. */
interface OfThisSecond {
  reference: string
  headers: Record<string, string | number>
  page: Buffer
  count: number
}

/** An answer of the catalogue to forms that nobody has read, made beforehand: what it costs to give it hardly shows. */
export class StandingAnswer {
  readonly #code: AnswerCode
  readonly #web: Web
  readonly #responses: Metrics['responses']
  readonly #log: Log
  /** The page before the reference and after it. */
  #pieces: readonly string[] | null = null
  #now: OfThisSecond | null = null

  constructor(code: AnswerCode, web: Web, { metrics, log }: { metrics: Pick<Metrics, 'responses'>; log: Log }) {
    this.#code = code
    this.#web = web
    this.#responses = metrics.responses
    this.#log = log
  }

  give(request: IncomingMessage, response: ServerResponse, route: string): void {
    const now = (this.#now ??= this.#newSecond())
    now.count += 1
    const { status } = answer(this.#code)
    response.writeHead(status, isShort(request) ? now.headers : { ...now.headers, connection: 'close' })
    response.end(now.page)
    this.#responses.observe({ method: 'POST', route, status }, 0)
  }

  #newSecond(): OfThisSecond {
    const { retryAfter = 1 } = answer(this.#code)
    const reference = newReference()
    this.#pieces ??= this.#page(reference).split(reference)
    const page = Buffer.from(this.#pieces.join(reference))
    setTimeout(() => this.#endSecond(), SECOND).unref()
    return {
      reference,
      headers: {
        ...securityHeaders(this.#web.publicUrl),
        'retry-after': retryAfter,
        'cache-control': 'no-store',
        'content-type': 'text/html; charset=utf-8',
        'content-length': page.length,
      },
      page,
      count: 0,
    }
  }

  #endSecond(): void {
    if (!this.#now) return
    const { reference, count } = this.#now
    this.#now = null
    this.#log.warn({ reference, count, code: this.#code }, 'turned away within a second')
  }

  #page(reference: string): string {
    const { title, words, retryAfter = 1 } = answer(this.#code)
    return renderDocument(
      <ProblemPage
        page={this.#web.pageForAnybody()}
        title={title}
        words={words}
        whatNow={WHAT_NOW}
        reference={reference}
        retryAfterSeconds={retryAfter}
      />,
    )
  }
}

/** Whether what is still to come of a request is less than reading a form would be; else the connection is not kept for it. */
function isShort({ headers }: IncomingMessage): boolean {
  return Number(headers['content-length'] ?? Number.NaN) <= BODY_LIMIT
}
