import type { ComponentChildren, JSX } from 'preact'
import { agoInWords, momentInWords } from '../../lib/moments.ts'
import { letterNames } from '../../mail/letters/names.ts'
import {
  letterStates,
  type LetterFacts,
  type LetterFilter,
  type LetterOnFile,
  type LetterPage,
} from '../../mail/outbox-reader.ts'
import { Facts, type Fact } from '../../ui/facts.tsx'
import { Filters } from '../../ui/filters.tsx'
import { PageHeading } from '../../ui/heading.tsx'
import { Layout } from '../../ui/layout.tsx'
import { maskedEmail } from '../../ui/masked.ts'
import type { PageContext } from '../../ui/page.ts'
import { Pager } from '../../ui/pager.tsx'
import { Standing } from '../../ui/standing.tsx'
import { Table, type Column } from '../../ui/table.tsx'
import { fieldsFor } from './filter.ts'
import { linkInWords, standings, storyOf } from './words.ts'

export interface LettersPageProps {
  page: PageContext
  filter: LetterFilter
  list: LetterPage
  listUrl: string
  urlFor: (id: string) => string
  /** Whether there is a mail server to take them. */
  leaves: boolean
  now: Date
}

export function LettersPage({ page, filter, list, listUrl, urlFor, leaves, now }: LettersPageProps): JSX.Element {
  const filtered = filter.state !== null || filter.kind !== null
  const states = letterStates.map((state) => ({ value: state, label: standings[state].words }))
  const kinds = Object.entries(letterNames).map(([value, label]) => ({ value, label }))
  return (
    <Layout page={page} title="Letters" shape="console">
      <PageHeading title="Letters">
        {leaves ? null : <p>This site has no mail server: letters are written, and wait here.</p>}
      </PageHeading>
      <section class="results" aria-label="Letters">
        <Filters
          action={listUrl}
          choices={[
            { name: 'state', label: 'State', any: 'Any', options: states, chosen: filter.state },
            { name: 'kind', label: 'Letter', any: 'Any', options: kinds, chosen: filter.kind },
          ]}
        />
        <Table
          caption="Letters, the newest first"
          columns={columns(urlFor, now)}
          rows={list.letters}
          none={filtered ? 'No letter fits. Choose less above.' : 'No letter has been written yet.'}
        />
        <Pager
          url={listUrl}
          view={fieldsFor(filter)}
          ids={list.letters.map(({ id }) => id)}
          earlier={list.earlier}
          later={list.later}
        />
      </section>
    </Layout>
  )
}

function columns(urlFor: (id: string) => string, now: Date): readonly Column<LetterOnFile>[] {
  return [
    { label: 'Letter', head: true, value: ({ id, kind }) => <a href={urlFor(id)}>{letterNames[kind]}</a> },
    { label: 'To', value: ({ recipient }) => <bdi>{maskedEmail(recipient)}</bdi> },
    { label: 'State', value: ({ state }) => <Standing {...standings[state]} /> },
    { label: 'Tried', numeric: true, value: ({ attempts }) => `${attempts}×` },
    { label: 'Written', value: ({ created_at }) => agoInWords(created_at, now) },
    { label: 'Refused with', value: ({ last_error }) => last_error && <bdi class="letter-error">{last_error}</bdi> },
  ]
}

export interface LetterPageProps {
  page: PageContext
  token: string
  letter: LetterFacts
  /** Where the page of its person is; null where there is none, or not for this viewer. */
  personUrl: string | null
  listUrl: string
  /** Where it is made due again; null where that would change nothing. */
  retryUrl: string | null
  /** Where its words are read; null for whom they are not to be read by. */
  wordsUrl: string | null
  leaves: boolean
  now: Date
}

export function LetterPage(props: LetterPageProps): JSX.Element {
  const { page, token, letter, personUrl, listUrl, retryUrl, wordsUrl, leaves, now } = props
  const name = letterNames[letter.kind]
  return (
    <Layout page={page} title={name} shape="console">
      <LetterHeading letter={letter} />
      <p class="lead">{storyOf(letter, now, leaves)}</p>
      {letter.link === 'expired' && retryUrl ? (
        <p class="letter-warning">
          Sent now, it would carry a link that leads nowhere. Their own page sends a new one.
        </p>
      ) : null}
      <div class="actions letter-actions">
        {retryUrl ? <ActButton action={retryUrl} token={token} words="Try again now" kind="primary" /> : null}
        {wordsUrl ? <ActButton action={wordsUrl} token={token} words="Read it, link and all" kind="secondary" /> : null}
      </div>
      <div class="letter-facts">
        <Facts facts={factsOf(letter, personUrl)} />
      </div>
      <p class="letter-back">
        <a href={listUrl}>All letters</a>
      </p>
    </Layout>
  )
}

function LetterHeading({ letter: { kind, state } }: { letter: Pick<LetterFacts, 'kind' | 'state'> }) {
  return (
    <div class="person-heading">
      <h1>{letterNames[kind]}</h1>
      <Standing {...standings[state]} />
    </div>
  )
}

interface ActButtonProps {
  action: string
  token: string
  words: string
  kind: 'primary' | 'secondary'
}

function ActButton({ action, token, words, kind }: ActButtonProps) {
  return (
    <form method="post" action={action} data-form>
      <input type="hidden" name="submission" value={token} />
      <button class={`button button-${kind}`} type="submit" data-working="One moment…">
        {words}
      </button>
    </form>
  )
}

function factsOf(letter: LetterFacts, personUrl: string | null): readonly Fact[] {
  const { recipient, name, created_at, attempts, last_error } = letter
  const link = linkInWords(letter)
  return [
    { label: 'To', value: maskedEmail(recipient) },
    ...(name ? [{ label: 'About', value: personUrl ? <a href={personUrl}>{name}</a> : name }] : []),
    { label: 'Written', value: momentInWords(created_at) },
    { label: 'Tried', value: attempts === 0 ? 'Not yet' : attempts === 1 ? 'Once' : `${attempts} times` },
    ...(last_error ? [{ label: 'Refused with', value: last_error }] : []),
    ...(link ? [{ label: 'Its link', value: link }] : []),
  ]
}

export interface LetterWordsPageProps {
  page: PageContext
  letter: Pick<LetterFacts, 'kind' | 'recipient'>
  subject: string
  text: string
  backUrl: string
}

/** The letter as its reader would have it, in plain text. */
export function LetterWordsPage({ page, letter, subject, text, backUrl }: LetterWordsPageProps): JSX.Element {
  return (
    <Layout page={page} title={letterNames[letter.kind]} shape="console">
      <PageHeading title={letterNames[letter.kind]}>
        <p>As it would reach its reader. That you read it is recorded.</p>
      </PageHeading>
      <div class="letter-facts">
        <Facts
          facts={[
            { label: 'To', value: letter.recipient },
            { label: 'Subject', value: subject },
          ]}
        />
      </div>
      <div class="letter-text">{withLinks(text.trim())}</div>
      <p class="letter-back">
        <a href={backUrl}>Back to the letter</a>
      </p>
    </Layout>
  )
}

function withLinks(text: string): ComponentChildren[] {
  return text.split(/(https?:\/\/\S+)/).map((part, index) =>
    index % 2 === 1 ? (
      <a href={part} rel="noreferrer">
        {part}
      </a>
    ) : (
      part
    ),
  )
}
