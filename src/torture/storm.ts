import { randomBytes, randomInt } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { catalogue } from '../answers/catalogue.ts'
import { sha256 } from '../lib/keys.ts'
import { SECOND } from '../lib/time.ts'
import { urls } from '../urls.ts'
import { Browser, PATIENCE_FOR_A_PAGE, tokenIn, type Fields, type Reply } from './browser.ts'
import type { Act, Answer, End, HistoryFile, Intent } from './history.ts'

export interface StormSettings {
  /** Origins of the nodes: every request goes to any one of them. */
  sites: readonly string[]
  /** Every address is of this domain, by which what was made is found again. */
  domain: string
  /** How many people there are at once. */
  people: number
  history: HistoryFile
  /** The link of the newest letter of recovery to that address since then; without it nobody recovers. */
  recoveryLink?: (address: string, since: number) => string | null
  /** Told every password and token that must be written nowhere. */
  onSecret?: (secret: string) => void
}

export interface Progress {
  /** Acts that were acknowledged. */
  done: number
  refused: number
  unknown: number
}

/** How long somebody goes on sending the same thing before giving up. */
const PATIENCE_FOR_AN_ACT = 30 * SECOND

/** One request in so many is given up almost at once and sent again: the clients that time out. */
const ONE_IMPATIENT_IN = 10

/** One registration in so many is a double click; one life in so many wants an address that others want too. */
const ONE_DOUBLE_CLICK_IN = 4
const ONE_CONTESTED_IN = 6
const CONTENDERS = 3

/** How long a letter is waited for. */
const LETTER_WITHIN = 10 * SECOND

/** What one request came to. */
interface Said {
  end: End
  said: string
}

/** An account, as its owner knows it. */
interface Owner {
  address: string
  firstName: string
  password: string
  browser: Browser
}

/**
 * Invented people who register, sign in, edit, change their passwords and leave again, one life after another, for as
 * long as the storm lasts. Whoever gets no answer, or one that asks for patience, sends the same again, as the page says.
 */
export class Storm {
  readonly progress: Progress = { done: 0, refused: 0, unknown: 0 }
  readonly #settings: StormSettings
  #nextId = 1
  #over = false
  #contested = { address: '', left: 0 }

  constructor(settings: StormSettings) {
    this.#settings = settings
  }

  /** Storms until it is told to end, and until everybody has ended what they had begun. */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.#settings.people }, () => this.#liveOn()))
  }

  end(): void {
    this.#over = true
  }

  /** Many who register at once and do nothing else. */
  async flood(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.#register(this.#newcomer(), 1)))
  }

  async #liveOn(): Promise<void> {
    while (!this.#over) {
      const owner = this.#newcomer()
      const registered = await this.#register(owner, randomInt(ONE_DOUBLE_CLICK_IN) === 0 ? 2 : 1)
      if (registered.end === 'done') await this.#live(owner)
    }
  }

  async #live(owner: Owner): Promise<void> {
    for (let left = randomInt(4, 10); left > 0 && !this.#over; left -= 1) {
      const { end } = await this.#somethingBy(owner)
      // Whoever does not know what became of their last change does not know either whether their session is the same.
      if (end === 'unknown') return
      if (end === 'refused') break
    }
    const ended = owner.browser.copy()
    const { end } = await this.#signOut(owner, owner.browser)
    if (end === 'done') await this.#useEnded(owner, ended)
  }

  #somethingBy(owner: Owner): Promise<{ end: End }> {
    const chance = randomInt(100)
    if (chance < 20) return this.#use(owner)
    if (chance < 45) return this.#edit(owner)
    if (chance < 60) return this.#visitElsewhere(owner)
    if (chance < 75) return this.#guess(owner)
    if (chance < 95 || !this.#settings.recoveryLink) return this.#changePassword(owner)
    return this.#recover(owner, this.#settings.recoveryLink)
  }

  #newcomer(): Owner {
    const firstName = `Ann ${randomBytes(6).toString('hex')}`
    return {
      address: this.#newAddress(),
      firstName,
      password: this.#newPassword(),
      browser: new Browser(this.#settings.sites),
    }
  }

  /** Now and then several people want the same one, spelt in any case. */
  #newAddress(): string {
    const own = `ann.${randomBytes(6).toString('hex')}@${this.#settings.domain}`
    if (randomInt(ONE_CONTESTED_IN) > 0) return own
    if (this.#contested.left === 0) this.#contested = { address: own, left: CONTENDERS }
    this.#contested.left -= 1
    return this.#contested.address.replace(/[a-z]/g, (letter) => (randomInt(2) === 0 ? letter : letter.toUpperCase()))
  }

  #newPassword(): string {
    const password = `kettle ${randomBytes(5).toString('hex')} harbour zebra`
    this.#settings.onSecret?.(password)
    return password
  }

  #register({ address, firstName, password, browser }: Owner, clicks: 1 | 2): Promise<Act> {
    const company = `Company ${randomBytes(4).toString('hex')}`
    const form = { first_name: firstName, last_name: 'Archer', email: address, password, company }
    const success = flash(browser, 'registered')
    const signedIn = (reply: Reply) => (browser.sessionToken === null ? null : success(reply))
    const intent = { kind: 'register', address, firstName, password, company } as const
    return this.#act(intent, this.#formSender(browser, urls.customerRegistration, form, signedIn, clicks))
  }

  #use({ address, browser }: Owner): Promise<Act> {
    return this.#act({ kind: 'use-session', address }, () => this.#look(browser))
  }

  async #look(browser: Browser): Promise<[Said, Reply[]]> {
    const reply = await browser.get(urls.customerProfile)
    if (reply.status === 200) return [{ end: 'done', said: '' }, [reply]]
    return [isUnknown(reply) ? UNKNOWN : { end: 'refused', said: browser.flashIn(reply) ?? `${reply.status}` }, [reply]]
  }

  #useEnded({ address }: Owner, browser: Browser): Promise<Act> {
    return this.#act({ kind: 'use-ended-session', address }, () => this.#look(browser))
  }

  #edit({ address, browser, firstName }: Owner): Promise<Act> {
    const company = `Company ${randomBytes(4).toString('hex')}`
    const form = { first_name: firstName, last_name: 'Archer', company }
    const send = this.#formSender(browser, urls.customerProfile, form, flash(browser, 'profile-saved'))
    return this.#act({ kind: 'edit-profile', address, company }, send)
  }

  async #changePassword(owner: Owner): Promise<Act> {
    const { address, browser } = owner
    const password = this.#newPassword()
    const form = { current_password: owner.password, password }
    const send = this.#formSender(browser, urls.passwordChange, form, flash(browser, 'password-changed'))
    const act = await this.#act({ kind: 'change-password', address, password, ...endingSessionOf(browser) }, send)
    if (act.end === 'done') owner.password = password
    return act
  }

  #guess({ address }: Owner): Promise<{ end: End }> {
    const browser = new Browser(this.#settings.sites)
    const form = { identifier: address, password: this.#newPassword() }
    const send = this.#formSender(browser, urls.customerSignIn, form, flash(browser, 'welcome-back'))
    return this.#act({ kind: 'wrong-password', address }, send).then(goOn)
  }

  /** Signs in with another browser, and out again there. */
  async #visitElsewhere(owner: Owner): Promise<{ end: End }> {
    const { address, password } = owner
    const browser = new Browser(this.#settings.sites)
    const send = this.#formSender(
      browser,
      urls.customerSignIn,
      { identifier: address, password },
      flash(browser, 'welcome-back'),
    )
    const signedIn = await this.#act({ kind: 'sign-in', address }, send)
    if (signedIn.end !== 'done') return goOn(signedIn)
    const ended = browser.copy()
    const { end } = await this.#signOut(owner, browser)
    return end === 'done' ? goOn(await this.#useEnded(owner, ended)) : goOn({ end })
  }

  #signOut({ address }: Owner, browser: Browser): Promise<Act> {
    const ending = endingSessionOf(browser)
    const send = this.#formSender(browser, urls.customerSignOut, {}, flash(browser, 'signed-out'))
    return this.#act({ kind: 'sign-out', address, ...ending }, send)
  }

  /** Asks for a letter, opens its link, and chooses a new password. */
  async #recover(owner: Owner, recoveryLink: NonNullable<StormSettings['recoveryLink']>): Promise<Act> {
    const { address, browser } = owner
    const password = this.#newPassword()
    const began = Date.now()
    let asked = 0
    const ask = this.#formSender(browser, urls.recovery, { identifier: address }, (reply) =>
      reply.headers.location === urls.recoverySent ? 'sent' : null,
    )
    const choose = this.#formSender(browser, urls.newPassword, { password }, flash(browser, 'password-saved'))
    let link: string | null = null
    const intent = { kind: 'recover', address, password, ...endingSessionOf(browser) } as const
    const act = await this.#act(intent, async () => {
      const replies: Reply[] = []
      if (link === null) {
        asked += 1
        const [said, sent] = await ask()
        replies.push(...sent)
        if (said.end !== 'done') return [said, replies]
        link = await untilFound(() => recoveryLink(address, began))
        if (link === null) return [{ end: 'refused', said: 'no-letter-in-time' }, replies]
      }
      const opened = await browser.get(pathOf(link))
      replies.push(opened)
      if (isUnknown(opened)) return [UNKNOWN, replies]
      const [said, sent] = await choose()
      if (said.end === 'refused' && asked === 1) {
        // An older letter may arrive after a newer one was asked for. Whoever opened it opens the next that comes.
        const outdated = link
        const next = await untilFound(() => {
          const latest = recoveryLink(address, began)
          return latest === outdated ? null : latest
        })
        if (next !== null) {
          link = next
          return [UNKNOWN, [...replies, ...sent]]
        }
      }
      const newer = said.end === 'refused' && asked > 1
      return [newer ? { end: 'refused', said: 'a-newer-letter' } : said, [...replies, ...sent]]
    })
    if (act.end === 'done') owner.password = password
    return act
  }

  /** Sends a form with the token of its page, which is fetched once; what is sent again is the very same. */
  #formSender(
    browser: Browser,
    path: string,
    fields: Fields,
    success: (reply: Reply) => string | null,
    clicks = 1,
  ): Send {
    let token: string | null = null
    let sent = false
    return async () => {
      const replies: Reply[] = []
      if (token === null) {
        const page = await browser.get(path)
        replies.push(page)
        if (isUnknown(page)) return [UNKNOWN, replies]
        token = page.status === 200 ? tokenIn(page.body) : null
        if (token === null)
          return [{ end: 'refused', said: browser.flashIn(page) ?? `no form: ${page.status}` }, replies]
      }
      const bodies = Array.from({ length: sent ? 1 : clicks }, () => ({ ...fields, submission: token as string }))
      sent = true
      const answers = await Promise.all(bodies.map((body) => browser.post(path, body, patienceOfSomebody())))
      return [together(answers.map((reply) => saidBy(browser, reply, success))), [...replies, ...answers]]
    }
  }

  /** Does something until there is an answer to it, and keeps the whole of it in the history. */
  async #act(wish: Omit<Intent, 'id' | 'address'> & { address: string }, send: Send): Promise<Act> {
    const { history } = this.#settings
    const intent: Intent = { ...wish, id: this.#nextId, address: wish.address.toLowerCase() }
    this.#nextId += 1
    history.began(intent)
    const began = Date.now()
    const answers: Answer[] = []
    let last: Said = UNKNOWN
    do {
      const [said, replies] = await send()
      answers.push(...replies.map((reply) => answerFrom(reply, intent.password)))
      last = said
      if (last.end === 'unknown') await sleep(randomInt(50, 250))
    } while (last.end === 'unknown' && Date.now() - began < PATIENCE_FOR_AN_ACT)
    const act: Act = { ...intent, began, ended: Date.now(), ...last, answers }
    history.ended(act)
    this.progress[act.end] += 1
    return act
  }
}

type Send = () => Promise<[Said, Reply[]]>

const UNKNOWN: Said = { end: 'unknown', said: 'no answer' }

/** Whoever is refused something on the side goes on living. */
function goOn({ end }: { end: End }): { end: End } {
  return { end: end === 'refused' ? 'done' : end }
}

function patienceOfSomebody(): number {
  return randomInt(ONE_IMPATIENT_IN) === 0 ? randomInt(5, 150) : PATIENCE_FOR_A_PAGE
}

function saidBy(browser: Browser, reply: Reply, success: (reply: Reply) => string | null): Said {
  if (isUnknown(reply)) return UNKNOWN
  const said = success(reply)
  return said === null ? { end: 'refused', said: browser.flashIn(reply) ?? refusalIn(reply) } : { end: 'done', said }
}

/** Of a double click: both have to be told the same, as far as they are told anything. */
function together(all: readonly Said[]): Said {
  const done = all.find(({ end }) => end === 'done')
  const refused = all.find(({ end }) => end === 'refused')
  if (done && refused) return { end: 'refused', said: `two clicks were told ${done.said} and ${refused.said}` }
  return done ?? refused ?? UNKNOWN
}

function flash(browser: Browser, code: string): (reply: Reply) => string | null {
  return (reply) => (browser.flashIn(reply) === code ? code : null)
}

function endingSessionOf({ sessionToken }: Browser): { endsSession?: string } {
  return sessionToken === null ? {} : { endsSession: sha256(sessionToken).toString('hex') }
}

/** No answer, or one that says: send it again. */
function isUnknown({ status }: Reply): boolean {
  return status === null || status >= 500
}

function refusalIn({ status, body }: Reply): string {
  const named = Object.entries(catalogue).find(([, { status: of, words }]) => of === status && body.includes(words))
  return named?.[0] ?? `${status}`
}

function answerFrom({ sent, done, status, headers, body, origin }: Reply, password: string | undefined): Answer {
  return { sent, done, status, origin, flaw: flawIn(status, headers, body, password) }
}

function flawIn(
  status: number | null,
  headers: Reply['headers'],
  body: string,
  password: string | undefined,
): string | null {
  if (password !== undefined && body.includes(password)) return 'the password stands in the answer'
  if (/\bat .+:\d+:\d+\)?$/m.test(body)) return 'a stack trace'
  if (status !== 503) return null
  if (!(Number(headers['retry-after']) > 0)) return 'a 503 without Retry-After'
  return /MA-[0-9A-Z]{4}-[0-9A-Z]{4}/.test(body) ? null : 'a 503 without a reference to quote'
}

function pathOf(link: string): string {
  const { pathname, search } = new URL(link)
  return pathname + search
}

async function untilFound<Thing>(find: () => Thing | null): Promise<Thing | null> {
  const deadline = Date.now() + LETTER_WITHIN
  for (;;) {
    const found = find()
    if (found !== null || Date.now() > deadline) return found
    await sleep(50)
  }
}
