import type { ComponentChildren, JSX } from 'preact'
import { ButtonLink } from '../../ui/button-link.tsx'
import { Facts, type Fact } from '../../ui/facts.tsx'
import { Form, SelectField, TextArea, titleFor, type FormState, type SelectOption } from '../../ui/form.tsx'
import { PageHeading } from '../../ui/heading.tsx'
import { Layout } from '../../ui/layout.tsx'
import type { PageContext } from '../../ui/page.ts'
import { Pager } from '../../ui/pager.tsx'
import { Table } from '../../ui/table.tsx'

/** A name, and where its person's page is; null where there is none. */
export interface Linked {
  words: string
  href: string | null
}

export interface QuestionLine {
  id: string
  who: Linked
  found: string
  wanted: string
  keeper: Linked
  href: string
}

export interface DecidedLine {
  who: Linked
  wanted: string
  decision: string
  reason: string
  by: string
  at: string
}

export interface QuestionsPageProps {
  page: PageContext
  listUrl: string
  questions: readonly QuestionLine[]
  earlier: boolean
  later: boolean
  decided: readonly DecidedLine[]
}

export function QuestionsPage({ page, listUrl, questions, earlier, later, decided }: QuestionsPageProps): JSX.Element {
  return (
    <Layout page={page} title="To decide" shape="console">
      <PageHeading title="To decide">
        <p>
          An import merges nobody. Where two people wanted one address or username, one has it, and the other waits here
          for you.
        </p>
      </PageHeading>
      <section class="results" aria-label="Open questions">
        <Table
          caption="Questions that an import left open"
          rows={questions}
          none="Nothing is to be decided."
          columns={[
            { label: 'Who goes without', head: true, value: ({ who }) => <Name {...who} /> },
            { label: 'Found', value: ({ found }) => found },
            { label: 'Wanted', value: ({ wanted }) => <bdi>{wanted}</bdi> },
            { label: 'Kept by', value: ({ keeper }) => <Name {...keeper} /> },
            {
              label: 'Action',
              value: ({ href, who }) => (
                <ButtonLink href={href} kind="secondary">
                  Decide<span class="visually-hidden"> about {who.words}</span>
                </ButtonLink>
              ),
            },
          ]}
        />
        <Pager url={listUrl} view={{}} ids={questions.map(({ id }) => id)} earlier={earlier} later={later} />
      </section>
      {decided.length > 0 ? <Decided lines={decided} /> : null}
    </Layout>
  )
}

function Decided({ lines }: { lines: readonly DecidedLine[] }) {
  return (
    <section class="results" aria-labelledby="decided">
      <h2 id="decided">Decided</h2>
      <Table
        caption="Questions that were decided, the last first"
        rows={lines}
        none=""
        columns={[
          { label: 'About', head: true, value: ({ who }) => <Name {...who} /> },
          { label: 'Wanted', value: ({ wanted }) => <bdi>{wanted}</bdi> },
          { label: 'Decision', value: ({ decision }) => decision },
          { label: 'Why', value: ({ reason }) => <bdi>{reason}</bdi> },
          { label: 'By', value: ({ by }) => <bdi>{by}</bdi> },
          { label: 'When', value: ({ at }) => at },
        ]}
      />
    </section>
  )
}

export function Name({ words, href }: Linked): JSX.Element {
  return <bdi>{href === null ? words : <a href={href}>{words}</a>}</bdi>
}

export interface QuestionPageProps {
  page: PageContext
  state: FormState
  action: string
  listUrl: string
  title: string
  facts: readonly Fact[]
  /** Where they get another address; null where they cannot. */
  addressUrl: string | null
  /** Null once it is decided. */
  decisions: readonly SelectOption[] | null
}

export function QuestionPage(props: QuestionPageProps): JSX.Element {
  const { page, state, action, listUrl, title, facts, addressUrl, decisions } = props
  const back = <BackTo href={listUrl}>All that is to be decided</BackTo>
  return (
    <Layout page={page} title={titleFor(title, state)} shape="console">
      <PageHeading title={<bdi>{title}</bdi>} />
      <div class="question">
        <Facts facts={facts} />
        {decisions === null ? (
          back
        ) : (
          <>
            {addressUrl ? (
              <div class="actions">
                <ButtonLink href={addressUrl} kind="secondary">
                  Give them another address
                </ButtonLink>
              </div>
            ) : null}
            <Form state={state} action={action} submit="Decide" working="One moment…" after={back}>
              <SelectField
                state={state}
                name="decision"
                label="What is decided"
                autocomplete="off"
                placeholder="Choose one"
                options={decisions}
                hint="Nothing about either account changes by this: it takes the question off the list."
              />
              <TextArea
                state={state}
                name="reason"
                label="Why"
                hint="A sentence, which the record keeps and staff alone see."
                rows={2}
              />
            </Form>
          </>
        )}
      </div>
    </Layout>
  )
}

function BackTo({ href, children }: { href: string; children: ComponentChildren }) {
  return (
    <p>
      <a href={href}>{children}</a>
    </p>
  )
}
