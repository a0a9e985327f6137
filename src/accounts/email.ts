import { domainToASCII, domainToUnicode } from 'node:url'

/** An address in the three forms that an account keeps. */
export interface Email {
  /** As it was typed, without surrounding space. */
  entered: string
  /** As letters are sent to it: the local part as typed, the domain as an A-label. */
  delivery: string
  /** The one form in which addresses are compared, everywhere. */
  canonical: string
  version: number
}

/** Raised with every change of the rules below, so that stored forms tell by which they were made. */
export const EMAIL_VERSION = 1

/** RFC 5321, 4.5.3.1: 64 octets before the @, 254 in all. */
const LONGEST = 254
const LONGEST_LOCAL_PART = 64

/** Nothing longer is looked at, whatever stands around the address. */
const LONGEST_TEXT = 1000

/** RFC 5322 dot-atom: no quotes, no comments, no separators by which one address could become two. */
const LOCAL_PART = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/

/** RFC 1035 labels, at least two; the last one is not a number, so that no IP address passes. */
const DOMAIN = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+(?!\d+$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])$/

/**
 * The one normal form of an email address; nothing else in this program compares addresses. It refuses rather than
 * maps: whatever a normalisation would change beyond ASCII case belongs to nobody for certain. Dots and plus-tags stay,
 * for they tell mailboxes apart. Null when the text is no address that mail could be sent to.
 */
export function parseEmail(text: string): Email | null {
  if (text.length > LONGEST_TEXT) return null
  const entered = text.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '')
  if (entered.length > LONGEST || entered.normalize('NFKC') !== entered) return null
  const at = entered.lastIndexOf('@')
  const local = entered.slice(0, at)
  const domain = asciiDomain(entered.slice(at + 1))
  if (at < 1 || local.length > LONGEST_LOCAL_PART || !LOCAL_PART.test(local) || domain === null) return null
  const delivery = `${local}@${domain}`
  if (delivery.length > LONGEST) return null
  return { entered, delivery, canonical: delivery.toLowerCase(), version: EMAIL_VERSION }
}

/**
 * The domain as A-labels. UTS-46 silently drops invisible characters and folds look-alikes; a domain that it changes in
 * any way but case and encoding is refused.
 */
function asciiDomain(domain: string): string | null {
  if (/^[\x21-\x7e]+$/.test(domain)) return validDomain(domain.toLowerCase())
  if (/[^\p{L}\p{M}\p{N}.-]/u.test(domain)) return null
  return domain === domain.normalize('NFC') ? validDomain(domainToASCII(domain)) : null
}

function validDomain(domain: string): string | null {
  return DOMAIN.test(domain) && domain.split('.').every(isWholeLabel) ? domain : null
}

/** An A-label has to be the encoding of something, and the only one (RFC 5890, 2.3.2.1). */
function isWholeLabel(label: string): boolean {
  if (!label.startsWith('xn--')) return true
  const decoded = domainToUnicode(label)
  return decoded !== label && domainToASCII(decoded) === label
}
