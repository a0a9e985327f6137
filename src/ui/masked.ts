import { parsePhoneNumberFromString } from 'libphonenumber-js'

/** Always the same mark, so that it does not tell how much it hides. */
const HIDDEN = '…'

/** An address of which one recognises whose it is, and learns nothing new: `a…r@example.com`. A short name shows less. */
export function maskedEmail(address: string): string {
  const at = address.lastIndexOf('@')
  const name = address.slice(0, Math.max(at, 0))
  const first = name.length > 1 ? name[0] : ''
  const last = name.length > 3 ? name.at(-1) : ''
  return `${first}${HIDDEN}${last}${at < 0 ? '' : address.slice(at)}`
}

/** A number in E.164 by its country and its last two digits: `+44 … 67`. */
export function maskedPhone(number: string): string {
  const country = parsePhoneNumberFromString(number)?.countryCallingCode
  const shown = country === undefined ? '' : `+${country} `
  return `${shown}${HIDDEN} ${number.slice(-2)}`
}

/** A network of which one sees whether it is the same as another, and not where it is: `203.0 …`. */
export function maskedNetwork(network: string): string {
  const separator = network.includes(':') ? ':' : '.'
  return `${network.split(separator).slice(0, 2).join(separator)} ${HIDDEN}`
}
