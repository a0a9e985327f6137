import type { ComponentChildren, JSX } from 'preact'

export interface Fact {
  label: string
  value: ComponentChildren
  /** A word or two of what the value leaves open, as "Confirmed". */
  remark?: string
}

/** What is known and cannot be changed here. */
export function Facts({ facts }: { facts: readonly Fact[] }): JSX.Element {
  return (
    <dl class="facts">
      {facts.map(({ label, value, remark }) => (
        <div class="fact">
          <dt>{label}</dt>
          <dd>
            <bdi>{value}</bdi>
            {remark ? <span class="fact-remark">{remark}</span> : null}
          </dd>
        </div>
      ))}
    </dl>
  )
}
