import type { JSX } from 'preact'
import { Field, SelectField, type FormState, type SelectOption } from '../../ui/form.tsx'
import { PageHeading } from '../../ui/heading.tsx'
import { Layout } from '../../ui/layout.tsx'
import type { PageContext } from '../../ui/page.ts'
import { Table } from '../../ui/table.tsx'

export interface AuditLine {
  when: string
  sentence: string
  person: string
  /** The page of the person, where there is one. */
  href: string | null
  network: string
  reference: string
}

export interface AuditPageProps {
  page: PageContext
  state: FormState
  action: string
  events: readonly SelectOption[]
  lines: readonly AuditLine[]
  /** Whether names and networks are shown in full. */
  shown: boolean
  /** The next page's address; null at the end. */
  earlier: string | null
  /** What the form that shows everything sends along: the page that is being looked at. */
  hidden: Readonly<Record<string, string>>
}

export function AuditPage(props: AuditPageProps): JSX.Element {
  const { page, state, action, events, lines, shown, earlier, hidden } = props
  return (
    <Layout page={page} title="Record" shape="console">
      <PageHeading title="What happened">
        <p>Every act that changed who somebody is, or whether they are signed in. Nothing in it can be altered here.</p>
      </PageHeading>
      <form method="post" action={action} class="record-filter">
        <input type="hidden" name="submission" value={state.token} />
        <SelectField state={state} name="event" label="Event" autocomplete="off" placeholder="All" options={events} />
        <Field
          state={state}
          name="person"
          label="Whom it happened to"
          hint="An email address, or an id."
          autocomplete="off"
          width="half"
        />
        <Field
          state={state}
          name="actor"
          label="Who did it"
          hint="An email address, or an id."
          autocomplete="off"
          width="half"
        />
        <Field state={state} name="from" label="From" type="date" autocomplete="off" width="half" />
        <Field state={state} name="until" label="Until" type="date" autocomplete="off" width="half" />
        <button class="button button-primary" type="submit" name="act" value="find">
          Find
        </button>
      </form>
      {lines.length === 0 ? null : (
        <div class="record-top">
          <p>
            {shown
              ? 'Names and networks are shown in full. That you saw them is recorded.'
              : 'Names and networks are masked.'}
          </p>
          {shown ? null : (
            <form method="post" action={action}>
              <input type="hidden" name="submission" value={state.token} />
              {Object.entries(hidden).map(([name, value]) => (
                <input type="hidden" name={name} value={value} />
              ))}
              <button class="button button-secondary button-small" type="submit" name="act" value="show">
                Show names and networks
              </button>
            </form>
          )}
        </div>
      )}
      <Table
        caption="Events, the newest first"
        rows={lines}
        none="Nothing is recorded that fits."
        columns={[
          { label: 'What', head: true, value: ({ sentence }) => <bdi>{sentence}</bdi> },
          { label: 'Person', value: ({ person, href }) => (href ? <a href={href}>{person}</a> : person) },
          { label: 'When', whole: true, value: ({ when }) => when },
          { label: 'Network', whole: true, value: ({ network }) => network },
          { label: 'Reference', whole: true, value: ({ reference }) => reference },
        ]}
      />
      {earlier ? (
        <p class="record-earlier">
          <a href={earlier}>Earlier</a>
        </p>
      ) : null}
    </Layout>
  )
}
