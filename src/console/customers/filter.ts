import { customerOrders, type CustomerFilter, type CustomerOrder } from '../../accounts/directory/list.ts'
import { customerStates } from '../../accounts/directory/listed.ts'
import { isCountry } from '../../accounts/profiles/countries.ts'
import type { Fields } from '../../http/form-body.ts'

/** How long ago a customer registered at most, in days, as the page offers it. */
export const WITHIN = {
  '1': 'Since yesterday',
  '7': 'Within a week',
  '30': 'Within a month',
  '365': 'Within a year',
} as const

export interface View {
  filter: CustomerFilter
  order: CustomerOrder
}

/** The list as its address says. What it says in another way than the page would is left out: it is only a view. */
export function viewOf(fields: Fields): View {
  const { state, country = '', within = '', order } = fields
  return {
    filter: {
      state: customerStates.find((known) => known === state) ?? null,
      country: isCountry(country) ? country : null,
      within: Object.hasOwn(WITHIN, within) ? Number(within) : null,
    },
    order: customerOrders.find((known) => known === order) ?? 'newest',
  }
}

/** The same view as fields of a form or a query; what is as usual is left out. */
export function fieldsFor({ filter: { state, country, within }, order }: View): Record<string, string> {
  return {
    ...(state === null ? {} : { state }),
    ...(country === null ? {} : { country }),
    ...(within === null ? {} : { within: String(within) }),
    ...(order === 'newest' ? {} : { order }),
  }
}
