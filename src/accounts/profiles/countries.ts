// The package's own entry would read the names in eighty languages.
import countries from 'i18n-iso-countries/index.js'
import english from 'i18n-iso-countries/langs/en.json' with { type: 'json' }

countries.registerLocale(english)

export interface Country {
  /** ISO 3166-1 alpha-2. */
  code: string
  name: string
}

/** Every country, by its English name. */
export const allCountries: readonly Country[] = Object.entries(countries.getNames('en', { select: 'official' }))
  .map(([code, name]) => ({ code, name }))
  .toSorted((a, b) => a.name.localeCompare(b.name, 'en'))

const codes = new Set(allCountries.map(({ code }) => code))

export function isCountry(code: string): boolean {
  return codes.has(code)
}
