import type { ComponentChildren, JSX } from 'preact'

export interface Column<Row> {
  label: string
  value: (row: Row) => ComponentChildren
  /** Numbers stand in line by their last digit. */
  numeric?: boolean
  /** Stays on one line wherever the rows stand as a table. */
  whole?: boolean
  /** What a row is called by: its head, and its first line on a phone. */
  head?: boolean
}

export interface TableProps<Row> {
  /** What the table holds, for who cannot see it; the page's own heading says it to everybody else. */
  caption: string
  columns: readonly Column<Row>[]
  rows: readonly Row[]
  /** What is said in place of no rows. */
  none: ComponentChildren
}

/** Rows of facts. On a narrow screen each row becomes a block, and every fact keeps its label. */
export function Table<Row>({ caption, columns, rows, none }: TableProps<Row>): JSX.Element {
  if (rows.length === 0) return <p class="table-none">{none}</p>
  return (
    <table class="table">
      <caption class="visually-hidden">{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ label, numeric }) => (
            <th scope="col" class={numeric ? 'table-numeric' : undefined}>
              {label}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr>
            {columns.map((column) => (
              <Cell column={column} row={row} />
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Cell<Row>({ column: { label, value, numeric, head, whole }, row }: { column: Column<Row>; row: Row }) {
  const content = value(row)
  if (head) {
    return (
      <th scope="row" class="table-head">
        {content}
      </th>
    )
  }
  return (
    <td class={numeric ? 'table-numeric' : whole ? 'table-whole' : undefined} data-label={label}>
      <div class="table-value">{content}</div>
    </td>
  )
}
