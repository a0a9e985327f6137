import type { JSX } from 'preact'
import type { Choice, MergePreview } from '../../flows/merging/merge.ts'
import type { MergeOnFile } from '../../flows/merging/runs.ts'
import { agoInWords, dayInWords, momentInWords } from '../../lib/moments.ts'
import { Facts, type Fact } from '../../ui/facts.tsx'
import { Field, Form, TextArea, titleFor, type FormState } from '../../ui/form.tsx'
import { PageHeading } from '../../ui/heading.tsx'
import { Layout } from '../../ui/layout.tsx'
import type { PageContext } from '../../ui/page.ts'
import { Standing, type StandingProps } from '../../ui/standing.tsx'
import { Table, type Column } from '../../ui/table.tsx'
import { urlOf, urls } from '../../urls.ts'
import { choiceNames, fateInWords, tableInWords, valueInWords } from './words.ts'

export interface ChoosePageProps {
  page: PageContext
  state: FormState
  action: string
  /** Who stays, where that is known already. */
  kept: { id: string; name: string } | null
  merges: readonly MergeOnFile[]
  now: Date
}

/** Which two. Names are sent in a form, and stand in no address. */
export function ChoosePage({ page, state, action, kept, merges, now }: ChoosePageProps): JSX.Element {
  const title = kept ? 'Merge with another account' : 'Merge two accounts'
  return (
    <Layout page={page} title={titleFor(title, state)} shape="console">
      <Form
        state={state}
        action={action}
        title={title}
        lead={
          <p>
            One customer with two accounts becomes one customer with one account. You see first what would become of
            everything; nothing changes yet.
          </p>
        }
        submit="Compare the two"
        working="Looking…"
      >
        {kept ? (
          <Facts facts={[{ label: 'Stays', value: <a href={urlOf(urls.person, kept.id)}>{kept.name}</a> }]} />
        ) : (
          <NameField state={state} name="kept" label="The account that stays" />
        )}
        <NameField state={state} name="other" label="The account that goes" />
      </Form>
      <section class="merge-part" aria-labelledby="merges">
        <h2 id="merges">Merged in the last 30 days</h2>
        <Table
          caption="Merges, the newest first"
          columns={mergeColumns(now)}
          rows={merges}
          none="None. What is merged can be taken back from here."
        />
      </section>
    </Layout>
  )
}

function NameField({ state, name, label }: { state: FormState; name: string; label: string }) {
  return (
    <Field
      state={state}
      name={name}
      label={label}
      hint="Its email address, username or number."
      autocomplete="off"
      autocapitalize="none"
    />
  )
}

function mergeColumns(now: Date): readonly Column<MergeOnFile>[] {
  return [
    {
      label: 'Account that stayed',
      head: true,
      value: ({ id, keptName }) => (
        <a href={urlOf(urls.merged, id)}>
          <bdi>{keptName ?? 'Erased since'}</bdi>
        </a>
      ),
    },
    { label: 'Merged', value: ({ at }) => agoInWords(at, now) },
    { label: 'By', value: ({ actorName }) => <bdi>{actorName ?? 'the command line'}</bdi> },
    { label: 'State', value: (merge) => <Standing {...standingOf(merge, now)} /> },
  ]
}

function standingOf({ undoneAt, undoUntil }: MergeOnFile, now: Date): StandingProps {
  if (undoneAt) return { kind: 'over', words: 'Taken back' }
  return undoUntil > now ? { kind: 'good', words: 'Can be taken back' } : { kind: 'over', words: 'Final' }
}

export interface ComparePageProps {
  page: PageContext
  state: FormState
  action: string
  /** The same two the other way round. */
  swapUrl: string
  preview: MergePreview
}

const COMPARE_TITLE = 'Make one account of two'

/** What each of the two has, and what would become of it. */
export function ComparePage({ page, state, action, swapUrl, preview }: ComparePageProps): JSX.Element {
  const { kept, other, fields } = preview
  const same = fields.filter((field) => field.same && valueInWords(field.choice, field.kept) !== 'None')
  return (
    <Layout page={page} title={titleFor(COMPARE_TITLE, state)} shape="console">
      <Form
        state={state}
        action={action}
        title={COMPARE_TITLE}
        lead={
          <p>
            <a href={urlOf(urls.person, kept.id)}>One account</a> stays, with its password and wherever it is signed in.{' '}
            <a href={urlOf(urls.person, other.id)}>The other</a> goes, and is kept in the archive. For 30 days that can
            be taken back. A letter to each address says that it was done.{' '}
            <a href={swapUrl}>Keep the other one instead</a>
          </p>
        }
        submit="Merge the two accounts"
        working="Merging…"
      >
        {fields
          .filter((field) => !field.same)
          .map((field) => (
            <SidePair state={state} field={field} />
          ))}
        {same.length > 0 ? (
          <div class="field field-full">
            <p class="label">The same on both</p>
            <Facts
              facts={same.map(({ choice, kept: values }) => ({
                label: choiceNames[choice],
                value: valueInWords(choice, values),
              }))}
            />
          </div>
        ) : null}
        <TextArea
          state={state}
          name="reason"
          label="Reason"
          hint="How you know that both are theirs. Kept in the record, and shown to staff alone."
          rows={3}
        />
      </Form>
      <section class="merge-part" aria-labelledby="hanging">
        <h2 id="hanging">What hangs on the two</h2>
        <Table
          caption="What hangs on each account, and what becomes of it"
          columns={HANGING_COLUMNS}
          rows={hangingOf(preview)}
          none="Nothing."
        />
      </section>
    </Layout>
  )
}

/** The name of the radio pair of a choice. */
export function pairName(choice: Choice): string {
  return `take_${choice}`
}

function SidePair({ state, field }: { state: FormState; field: MergePreview['fields'][number] }) {
  const { choice, suggested } = field
  const name = pairName(choice)
  const error = state.errors.find((one) => one.field === name)
  const chosen = state.values[name] ?? suggested
  return (
    <fieldset
      class={`field field-full merge-pair${error ? ' field-wrong' : ''}`}
      aria-describedby={error ? `${name}-error` : undefined}
    >
      <legend class="label">{choiceNames[choice]}</legend>
      {error ? (
        <p class="field-error" id={`${name}-error`}>
          <span class="visually-hidden">Error: </span>
          {error.words}
        </p>
      ) : null}
      <div class="merge-sides">
        {(['kept', 'other'] as const).map((side, at) => (
          <label class="merge-side">
            <input type="radio" id={at === 0 ? name : undefined} name={name} value={side} checked={side === chosen} />
            <span class="merge-value">
              <bdi>{valueInWords(choice, field[side])}</bdi>
              <span class="merge-whose">{side === 'kept' ? 'Of the one that stays' : 'Of the one that goes'}</span>
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}

interface Hanging {
  table: string
  kept: number
  other: number
}

function hangingOf({ kept, other }: MergePreview): Hanging[] {
  const tables = [...new Set([...kept.hanging, ...other.hanging].map(({ name }) => name))]
  const countIn = ({ hanging }: MergePreview['kept'], table: string) =>
    hanging.filter(({ name }) => name === table).reduce((sum, { count }) => sum + count, 0)
  return tables
    .map((table) => ({ table, kept: countIn(kept, table), other: countIn(other, table) }))
    .toSorted((a, b) => tableInWords(a.table).localeCompare(tableInWords(b.table), 'en'))
}

const HANGING_COLUMNS: readonly Column<Hanging>[] = [
  { label: 'What', head: true, value: ({ table }) => tableInWords(table) },
  { label: 'Staying', numeric: true, value: ({ kept }) => `${kept}` },
  { label: 'Going', numeric: true, value: ({ other }) => `${other}` },
  { label: 'Those going', value: ({ table, other }) => (other === 0 ? '–' : fateInWords(table)) },
]

export interface MergedPageProps {
  page: PageContext
  token: string
  merge: MergeOnFile
  now: Date
}

/** What came of it, and the way back. */
export function MergedPage({ page, token, merge, now }: MergedPageProps): JSX.Element {
  const { id, keptId, otherId, keptName, actorName, reason, at, undoneAt, undoUntil } = merge
  const title = undoneAt ? 'A merge that was taken back' : 'Two accounts became one'
  const facts: Fact[] = [
    {
      label: 'Stayed',
      value: keptName ? <a href={urlOf(urls.person, keptId)}>{keptName}</a> : 'Erased since',
    },
    {
      label: 'Went',
      value: undoneAt ? <a href={urlOf(urls.person, otherId)}>{otherId}</a> : otherId,
      remark: 'the number of the other account',
    },
    { label: 'Merged', value: momentInWords(at), remark: `by ${actorName ?? 'the command line'}` },
    { label: 'Reason', value: reason },
    ...(undoneAt ? [{ label: 'Taken back', value: momentInWords(undoneAt) }] : []),
  ]
  return (
    <Layout page={page} title={title} shape="console">
      <PageHeading title={title} />
      <div class="merge-facts">
        <Facts facts={facts} />
        {undoneAt || undoUntil <= now ? null : (
          <form class="merge-undo" method="post" action={urlOf(urls.merged, id)} data-form>
            <input type="hidden" name="submission" value={token} />
            <p>
              Until {dayInWords(undoUntil)} both can be made as they were, unless the account is changed meanwhile. Ways
              in that ended stay ended.
            </p>
            <button class="button button-secondary" type="submit" data-working="One moment…">
              Take the merge back
            </button>
          </form>
        )}
        <p class="merge-back">
          <a href={urls.merges}>All merges</a>
        </p>
      </div>
    </Layout>
  )
}
