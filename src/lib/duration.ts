import { HOUR, MINUTE, SECOND } from './time.ts'

/** A wait in words for a person: '40 seconds', '5 minutes', '2 hours'. Rounded up, so that nobody comes too early. */
export function inWords(milliseconds: number): string {
  if (milliseconds <= MINUTE) return counted(Math.max(1, Math.ceil(milliseconds / SECOND)), 'second')
  if (milliseconds <= HOUR) return counted(Math.ceil(milliseconds / MINUTE), 'minute')
  return counted(Math.ceil(milliseconds / HOUR), 'hour')
}

function counted(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
