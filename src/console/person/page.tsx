import type { ComponentChildren, JSX } from 'preact'
import { ButtonLink } from '../../ui/button-link.tsx'
import { Facts, type Fact } from '../../ui/facts.tsx'
import { Field, Form, TextArea, titleFor, type FormState } from '../../ui/form.tsx'
import { Layout } from '../../ui/layout.tsx'
import type { PageContext } from '../../ui/page.ts'
import { CustomerProfileFields, type DefaultCountry } from '../../ui/personal-fields.tsx'
import { Standing, type StandingProps } from '../../ui/standing.tsx'

export interface PersonPageProps {
  page: PageContext
  token: string
  name: string
  standing: StandingProps
  verdict: Verdict
  facts: readonly Fact[]
  /** Where what is masked is shown; null where nothing is masked, or it is shown already. */
  show: string | null
  /** Where the profile is edited; null where it cannot be. */
  edit: string | null
  sessions: readonly { device: string; remark: string }[]
  acts: readonly { href: string; words: string }[]
  days: readonly TimelineDay[]
  earlier: string | null
}

export interface Verdict {
  sentence: string
  /** What the button does, or what to do where there is none. */
  next: string
  /** A link where the page that it leads to asks for more. */
  step: { action: string; button: string; reason: string | null; asksMore?: true } | null
  /** What else is in the way, once the first is out of it. */
  more: readonly string[]
  /** Where one asks about a name that is typed; null where there is no account to compare it with. */
  nameAction: string | null
}

export interface TimelineDay {
  day: string
  items: readonly { time: string; words: string; amiss: boolean; remark: string | null }[]
}

/** What staff live on: why, what now, and everything that happened. */
export function PersonPage(props: PersonPageProps): JSX.Element {
  const { page, token, name, standing, verdict, facts, show, edit, sessions, acts, days, earlier } = props
  return (
    <Layout page={page} title={name} shape="console">
      <div class="person-heading">
        <h1>
          <bdi>{name}</bdi>
        </h1>
        <Standing {...standing} />
      </div>
      <VerdictBlock verdict={verdict} token={token} />
      <div class="person">
        <section aria-labelledby="timeline">
          <h2 id="timeline">What happened</h2>
          <Timeline days={days} />
          {earlier ? (
            <p class="timeline-earlier">
              <a href={earlier}>Earlier</a>
            </p>
          ) : null}
        </section>
        <div>
          <section class="person-part" aria-labelledby="person-facts">
            <h2 id="person-facts">Details</h2>
            <Facts facts={facts} />
            {show ? (
              <form method="post" action={show}>
                <input type="hidden" name="submission" value={token} />
                <button class="button button-secondary" type="submit">
                  Show what is masked
                </button>
              </form>
            ) : null}
            {edit ? (
              <form method="post" action={edit}>
                <input type="hidden" name="submission" value={token} />
                <button class="button button-secondary" type="submit">
                  Edit the profile
                </button>
              </form>
            ) : null}
          </section>
          {acts.length > 0 ? (
            <section class="person-part" aria-labelledby="person-acts">
              <h2 id="person-acts">Help</h2>
              <ul class="person-lines">
                {acts.map(({ href, words }) => (
                  <li>
                    <a href={href}>{words}</a>
                  </li>
                ))}
              </ul>
            </section>
          ) : null}
          <section class="person-part" aria-labelledby="person-sessions">
            <h2 id="person-sessions">Signed in on</h2>
            {sessions.length === 0 ? (
              <p class="person-withheld">Nothing at present.</p>
            ) : (
              <ul class="person-lines">
                {sessions.map(({ device, remark }) => (
                  <li>
                    {device} <span class="person-line-soft">{remark}</span>
                  </li>
                ))}
              </ul>
            )}
          </section>
        </div>
      </div>
    </Layout>
  )
}

function VerdictBlock({ verdict, token }: { verdict: Verdict; token: string }) {
  const { sentence, next, step, more, nameAction } = verdict
  return (
    <section class="verdict" aria-labelledby="verdict">
      <h2 class="verdict-question" id="verdict">
        Why can’t they sign in?
      </h2>
      <p class="verdict-sentence">{sentence}</p>
      <p class="verdict-next">{next}</p>
      {step?.asksMore ? <ButtonLink href={step.action}>{step.button}</ButtonLink> : null}
      {step && !step.asksMore ? (
        <form method="post" action={step.action} data-form>
          <input type="hidden" name="submission" value={token} />
          {step.reason === null ? null : <input type="hidden" name="reason" value={step.reason} />}
          <button class="button button-primary" type="submit" data-working="One moment…">
            {step.button}
          </button>
        </form>
      ) : null}
      {more.length > 0 ? (
        <ul class="verdict-more" aria-label="Also in the way">
          {more.map((words) => (
            <li>Then: {words}</li>
          ))}
        </ul>
      ) : null}
      {nameAction ? (
        <details class="verdict-name">
          <summary>Ask them which name they type</summary>
          <form method="post" action={nameAction}>
            <input type="hidden" name="submission" value={token} />
            <Field
              state={{ values: {}, errors: [], token }}
              name="name"
              label="Email or username, as they type it"
              autocomplete="off"
              autocapitalize="none"
            />
            <button class="button button-secondary" type="submit">
              Compare
            </button>
          </form>
        </details>
      ) : null}
    </section>
  )
}

function Timeline({ days }: { days: readonly TimelineDay[] }) {
  if (days.length === 0) return <p class="person-withheld">Nothing is recorded.</p>
  return (
    <>
      {days.map(({ day, items }) => (
        <>
          <h3 class="timeline-day">{day}</h3>
          <ol class="timeline-items">
            {items.map(({ time, words, amiss, remark }) => (
              <li class="timeline-item">
                <span class="timeline-time">{time}</span>
                <div class={amiss ? 'timeline-words timeline-amiss' : 'timeline-words'}>
                  <bdi>{words}</bdi>
                  {remark ? <span class="timeline-remark">{remark}</span> : null}
                </div>
              </li>
            ))}
          </ol>
        </>
      ))}
    </>
  )
}

export interface ActPageProps {
  page: PageContext
  state: FormState
  action: string
  back: string
  title: string
  lead: ComponentChildren
  submit: string
}

/** One act, with what comes of it and the reason for it. */
export function ActPage({ page, state, action, back, title, lead, submit }: ActPageProps): JSX.Element {
  return (
    <Layout page={page} title={titleFor(title, state)} shape="console">
      <Form
        state={state}
        action={action}
        title={title}
        lead={<p>{lead}</p>}
        submit={submit}
        working="One moment…"
        after={<BackToThem href={back} />}
      >
        <ReasonField state={state} />
      </Form>
    </Layout>
  )
}

function ReasonField({ state }: { state: FormState }) {
  return (
    <TextArea
      state={state}
      name="reason"
      label="Reason"
      hint="Kept with what you do, and shown to staff alone."
      rows={3}
    />
  )
}

function BackToThem({ href }: { href: string }) {
  return (
    <p>
      <a href={href}>Back to their page</a>
    </p>
  )
}

/** One field in which what two people saved differs. */
export interface Difference {
  name: string
  label: string
  theirs: string
  yours: string
}

export interface EditPageProps extends Omit<ActPageProps, 'title' | 'lead' | 'submit'>, DefaultCountry {
  /** The version that was read with the values. */
  version: string
  /** What somebody else saved meanwhile; none as a rule. */
  differences: readonly Difference[]
}

const EDIT_TITLE = 'Edit the profile'

/** With differences, the fields in which both agree go along unseen, and of each other one is chosen. */
export function EditPage(props: EditPageProps): JSX.Element {
  const { page, state, action, back, version, differences } = props
  return (
    <Layout page={page} title={titleFor(EDIT_TITLE, state)} shape="console">
      <Form
        state={state}
        action={action}
        title={EDIT_TITLE}
        submit={differences.length > 0 ? 'Save what I chose' : 'Save changes'}
        working="Saving…"
        after={<BackToThem href={back} />}
      >
        <input type="hidden" name="version" value={version} />
        {differences.length > 0 ? (
          <Differences differences={differences} state={state} />
        ) : (
          <CustomerProfileFields person="Person" {...props} />
        )}
      </Form>
    </Layout>
  )
}

function Differences({ differences, state }: { differences: readonly Difference[]; state: FormState }) {
  const differing = new Set(differences.map(({ name }) => name))
  const agreed = Object.entries(state.values).filter(([name]) => !differing.has(name) && name !== 'version')
  return (
    <>
      {agreed.map(([name, value]) => (
        <input type="hidden" name={name} value={value} />
      ))}
      {differences.map(({ name, label, theirs, yours }) => (
        <fieldset class="field field-full difference">
          <legend class="label">{label}</legend>
          <Option name={name} value={theirs} words="Saved meanwhile" chosen={false} />
          <Option name={name} value={yours} words="Yours" chosen />
        </fieldset>
      ))}
    </>
  )
}

function Option({ name, value, words, chosen }: { name: string; value: string; words: string; chosen: boolean }) {
  const id = `${name}-${chosen ? 'yours' : 'theirs'}`
  return (
    <div class="difference-option">
      <input type="radio" id={id} name={name} value={value} checked={chosen} />
      <label for={id}>
        <span class="person-line-soft">{words}</span>
        {value === '' ? <em>nothing</em> : <bdi>{value}</bdi>}
      </label>
    </div>
  )
}

export type AddressPageProps = Omit<ActPageProps, 'title' | 'lead' | 'submit'>

const ADDRESS_TITLE = 'Correct the address'

/** Staff type the address; only who reads its mail makes it the account's. */
export function AddressPage({ page, state, action, back }: AddressPageProps): JSX.Element {
  return (
    <Layout page={page} title={titleFor(ADDRESS_TITLE, state)} shape="console">
      <Form
        state={state}
        action={action}
        title={ADDRESS_TITLE}
        lead={
          <p>
            The new address gets a link to confirm it, and the old one is told. Nothing changes before the link is
            followed; from then on the old address can take it back for 7 days.
          </p>
        }
        submit="Send the link"
        working="Sending…"
        after={<BackToThem href={back} />}
      >
        <Field
          state={state}
          name="email"
          label="Their right address"
          type="email"
          autocomplete="off"
          autocapitalize="none"
          inputMode="email"
        />
        <ReasonField state={state} />
      </Form>
    </Layout>
  )
}

export interface SignInHelpPageProps {
  page: PageContext
  state: FormState
  action: string
  /** Where staff register somebody who has no account. */
  registerUrl: string
}

const HELP_TITLE = 'Who can’t get in?'

/** Where a call begins: by the name that somebody types, right or wrong. */
export function SignInHelpPage({ page, state, action, registerUrl }: SignInHelpPageProps): JSX.Element {
  return (
    <Layout page={page} title={titleFor(HELP_TITLE, state)} shape="console">
      <Form
        state={state}
        action={action}
        title={HELP_TITLE}
        lead={<p>Ask them which name they type at sign-in. It may be right, out of date, or somebody else’s.</p>}
        submit="Find out why"
        working="Looking…"
        after={
          <p>
            New to us? <a href={registerUrl}>Register a customer</a>
          </p>
        }
      >
        <Field
          state={state}
          name="name"
          label="Email or username, as they type it"
          autocomplete="off"
          autocapitalize="none"
          inputMode="email"
        />
      </Form>
    </Layout>
  )
}
