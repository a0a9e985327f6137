import type { ComponentChildren, JSX } from 'preact'
import { allCountries } from '../../accounts/profiles/countries.ts'
import type { OwnData } from '../../flows/leaving/own-data.ts'
import { dayInWords, momentInWords } from '../../lib/moments.ts'
import { capitalised } from '../../ui/words.tsx'
import { NOTES } from './notes.ts'

/** One file that needs nothing else: no address of it is fetched, on whatever machine and in whichever year it is opened. */
export function OwnDataDocument({ data, brand }: { data: OwnData; brand: string }): JSX.Element {
  const { account, address, profile, password } = data
  const name = `${account.first_name} ${account.last_name}`.trim()
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="referrer" content="no-referrer" />
        <title>{`What ${brand} holds about ${name}`}</title>
        <style>{STYLES}</style>
      </head>
      <body>
        <header>
          <p class="brand">{brand}</p>
          <h1>
            What we hold about <bdi>{name}</bdi>
          </h1>
          <p class="lead">As of {momentInWords(new Date(data.written_at))}. All times are UTC.</p>
        </header>
        <main>
          <Part title="Your account">
            <Values
              values={[
                ['First name', account.first_name],
                ['Last name', account.last_name],
                ['Username', account.username && `${account.username} (compared as ${account.username_compared_as})`],
                ['Number', account.id],
                ['Kind and status', `${capitalised(account.kind)}, ${account.status}`],
                ['Opened', moment(account.created_at)],
                ['Changed', moment(account.updated_at)],
              ]}
            />
          </Part>
          {address ? (
            <Part title="Your email address">
              <Values
                values={[
                  ['As you typed it', address.entered],
                  ['As we write to it', address.written_to],
                  ['As we compare it', `${address.compared_as} (rules, version ${address.rules_version})`],
                  ['Confirmed', moment(address.confirmed_at) ?? 'Not yet'],
                ]}
              />
            </Part>
          ) : null}
          <Part title="Your profile">
            <Values
              values={[
                ['Phone number', profile.phone_number],
                ['Company', profile.company],
                ['Address', profile.address],
                ['Town or city', profile.city],
                ['State or region', profile.state],
                ['Postal code', profile.postal_code],
                ['Country', countryName(profile.country)],
                ['Date of birth', profile.date_of_birth && dayInWords(new Date(profile.date_of_birth))],
                ['Made', moment(profile.created_at)],
                ['Changed', moment(profile.updated_at)],
              ]}
            />
          </Part>
          <Part title="Your password">
            <Values
              values={[
                ['Set', password.set ? 'Yes' : 'No'],
                ['Changed', moment(password.changed_at)],
                ['Wrong, in a row', `${password.wrong_in_a_row}`],
                ['Disabled', moment(password.disabled_at)],
              ]}
            />
          </Part>
          <Part title="Where you are signed in">
            <List
              head={['Began', 'Password given', 'Last seen', 'Ends', 'Browser', 'Network']}
              rows={data.sessions.map((session) => [
                moment(session.began_at),
                moment(session.password_given_at),
                moment(session.last_seen_at),
                moment(session.ends_at),
                session.browser,
                session.network,
              ])}
            />
          </Part>
          <Part title="Browsers that we have seen you use">
            <List
              head={['First', 'Last']}
              rows={data.known_browsers.map((browser) => [moment(browser.first_seen_at), moment(browser.last_seen_at)])}
            />
          </Part>
          <Part title="Letters that we wrote you">
            <List
              head={['Letter', 'To', 'State', 'Written', 'Sent', 'Given up', 'In it']}
              rows={data.letters.map((letter) => [
                asWords(letter.kind),
                letter.recipient,
                letter.state,
                moment(letter.written_at),
                moment(letter.sent_at),
                moment(letter.given_up_at),
                detailsInWords(letter.details),
              ])}
            />
          </Part>
          <Part title="Links in our letters">
            <List
              head={['For', 'Address', 'Leads to', 'Made', 'Good until', 'Used']}
              rows={data.links.map((link) => [
                asWords(link.purpose),
                link.address,
                link.leads_to_address,
                moment(link.made_at),
                moment(link.expires_at),
                moment(link.used_at),
              ])}
            />
          </Part>
          <Part title="Forms that we know again">
            <List head={['Since']} rows={data.receipts.map((receipt) => [moment(receipt.kept_since)])} />
          </Part>
          {data.imported.length > 0 ? (
            <Part title="Taken over from our former site">
              <List
                head={['From', 'Table', 'Number', 'Noticed']}
                rows={data.imported.map((row) => [
                  row.from,
                  row.table,
                  `${row.number}`,
                  row.noticed.map(asWords).join(', '),
                ])}
              />
            </Part>
          ) : null}
          {data.import_questions.length > 0 ? (
            <Part title="Asked about when it was taken over">
              <List
                head={['About', 'Address or name', 'Decided', 'How']}
                rows={data.import_questions.map((question) => [
                  asWords(question.about),
                  question.address_or_name,
                  moment(question.decided_at),
                  question.decision && asWords(question.decision),
                ])}
              />
            </Part>
          ) : null}
          {data.archived.length > 0 ? (
            <Part title="Kept of what was changed by us">
              <List
                head={['Of', 'Why', 'When', 'As it was']}
                rows={data.archived.map((row) => [row.table, row.why, moment(row.at), JSON.stringify(row.former)])}
              />
            </Part>
          ) : null}
          <Part title="What happened">
            <List
              head={['What', 'When', 'By you', 'Network', 'More']}
              rows={data.events.map((event) => [
                asWords(event.event),
                moment(event.at),
                event.by_you ? 'Yes' : 'No',
                event.network,
                detailsInWords(event.details),
              ])}
            />
          </Part>
        </main>
        <footer>
          {NOTES.map((note) => (
            <p>{note}</p>
          ))}
        </footer>
      </body>
    </html>
  )
}

function Part({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section>
      <h2>{title}</h2>
      {children}
    </section>
  )
}

function Values({ values }: { values: readonly (readonly [label: string, value: string | null])[] }) {
  return (
    <dl>
      {values.map(([label, value]) => (
        <div>
          <dt>{label}</dt>
          <dd>{shown(value)}</dd>
        </div>
      ))}
    </dl>
  )
}

/** A table on paper and on a wide screen; on a narrow one each row is a list, labelled by its column. */
function List({ head, rows }: { head: readonly string[]; rows: readonly (readonly (string | null)[])[] }) {
  if (rows.length === 0) return <p class="nothing">Nothing.</p>
  return (
    <table>
      <thead>
        <tr>
          {head.map((label) => (
            <th scope="col">{label}</th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((cells) => (
          <tr>
            {cells.map((cell, index) => (
              <td data-label={head[index]}>{shown(cell)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function shown(value: string | null) {
  if (value === null || value === '') return <span class="nothing">none</span>
  return <bdi class={value.includes('@') ? 'long' : undefined}>{value}</bdi>
}

function moment(time: string | null): string | null {
  return time && momentInWords(new Date(time)).replace(' UTC', '')
}

function asWords(name: string): string {
  return capitalised(name.replaceAll('-', ' '))
}

/** 'fields: phone number, city' for what a row holds besides, whichever kind it is of. */
function detailsInWords(details: Record<string, unknown>): string | null {
  const parts = Object.entries(details).map(([name, value]) => `${plainName(name)}: ${plainValue(value)}`)
  return parts.join('; ') || null
}

function plainName(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`).replaceAll('_', ' ')
}

function plainValue(value: unknown): string {
  if (Array.isArray(value)) return value.map((one) => plainName(String(one))).join(', ')
  return typeof value === 'string' ? value : JSON.stringify(value)
}

function countryName(code: string | null): string | null {
  return code && (allCountries.find((country) => country.code === code)?.name ?? code)
}

const STYLES = `
  :root { color-scheme: light dark; --paper: #f3f4f0; --ink: #0f1a24; --soft: #4b5660; --line: #cfd3ce; --signal: #c4310f }
  @media (prefers-color-scheme: dark) {
    :root { --paper: #0b141c; --ink: #edf0ea; --soft: #a9b4bb; --line: #24323d; --signal: #ff7a59 }
  }
  * { box-sizing: border-box }
  body {
    margin: 0 auto; max-width: 72rem; padding: clamp(1.25rem, 4vw, 3.5rem); background: var(--paper); color: var(--ink);
    font: 1rem/1.5 'Bricolage Grotesque', system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif; overflow-wrap: break-word;
  }
  .brand { margin: 0 0 2.5rem; padding-bottom: 1rem; border-bottom: 2px solid var(--signal); font-weight: 600 }
  h1 { margin: 0; max-width: 22ch; font-size: clamp(2rem, 1.5rem + 2.5vw, 3.25rem); font-weight: 600; line-height: 1.05; letter-spacing: -0.03em }
  h2 { margin: 3rem 0 0.75rem; font-size: 1.375rem; font-weight: 600; letter-spacing: -0.015em }
  .lead, .nothing, footer { color: var(--soft) }
  dl { margin: 0; border-bottom: 1px solid var(--line) }
  dl > div { display: flex; flex-wrap: wrap; gap: 0 1.5rem; padding: 0.5rem 0; border-top: 1px solid var(--line) }
  dt { flex: 0 0 10rem; color: var(--soft) }
  dd { flex: 1 1 14rem; min-width: 0; margin: 0; font-weight: 600 }
  .long { overflow-wrap: anywhere }
  dd .nothing, td .nothing { font-weight: 400 }
  table { width: 100%; border-collapse: collapse; font-size: 0.875rem; font-variant-numeric: tabular-nums }
  th, td { padding: 0.5rem 1rem 0.5rem 0; border-top: 1px solid var(--line); text-align: start; vertical-align: top }
  th { border: 0; color: var(--soft); font-weight: 400; white-space: nowrap }
  tbody { border-bottom: 1px solid var(--line) }
  footer { margin-top: 3.5rem; padding-top: 1rem; border-top: 2px solid var(--ink); font-size: 0.875rem }
  footer p { max-width: 44rem }
  @media screen and (max-width: 46rem) {
    thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%) }
    table, tbody, tr { display: block }
    tr { padding: 0.5rem 0; border-top: 1px solid var(--line) }
    td { display: flex; gap: 0 1.5rem; padding: 0.125rem 0; border: 0 }
    td::before { content: attr(data-label); flex: 0 0 7rem; color: var(--soft) }
  }
  @media print {
    :root { --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --signal: #c4310f }
    @page { margin: 18mm 16mm }
    body { padding: 0; font-size: 10pt }
    table { font-size: 8pt }
    h1 { font-size: 24pt }
    h2 { margin-top: 18pt; font-size: 13pt; break-after: avoid }
    tr, dl > div { break-inside: avoid }
  }`
