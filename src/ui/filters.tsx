import type { JSX } from 'preact'

export interface Choice {
  name: string
  label: string
  /** What it reads where nothing is chosen; without it something always is. */
  any?: string
  options: readonly { value: string; label: string }[]
  chosen: string | null
}

/** What a list may be narrowed to, each thing by a choice; sent by GET, so that a view has an address. */
export function Filters({ action, choices }: { action: string; choices: readonly Choice[] }): JSX.Element {
  return (
    <form class="filters" method="get" action={action}>
      {choices.map((choice) => (
        <ChoiceField {...choice} />
      ))}
      <button class="button button-secondary" type="submit">
        Show
      </button>
    </form>
  )
}

function ChoiceField({ name, label, any, options, chosen }: Choice) {
  return (
    <div class="filter">
      <label class="filter-label" for={`filter-${name}`}>
        {label}
      </label>
      <div class="select">
        <select class="input" id={`filter-${name}`} name={name}>
          {any === undefined ? null : <option value="">{any}</option>}
          {options.map((option) => (
            <option value={option.value} selected={option.value === chosen}>
              {option.label}
            </option>
          ))}
        </select>
      </div>
    </div>
  )
}
