import { inWords } from './duration.ts'
import { DAY, HOUR, MINUTE } from './time.ts'

/** '27 May 1984, 14:05 UTC'. */
export function momentInWords(moment: Date): string {
  return `${dayInWords(moment)}, ${moment.toISOString().slice(11, 16)} UTC`
}

/** How long ago, for as long as that says more than the date: 'just now', '5 minutes ago', '27 May 1984, 14:05 UTC'. */
export function agoInWords(moment: Date, now: Date): string {
  const since = now.getTime() - moment.getTime()
  if (since < 2 * MINUTE) return 'just now'
  if (since < DAY) return `${inWords(since < HOUR ? since - (since % MINUTE) : since - (since % HOUR))} ago`
  return momentInWords(moment)
}

/** '27 May 1984', in UTC, as everywhere. */
export function dayInWords(moment: Date): string {
  return moment.toLocaleDateString('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' })
}
