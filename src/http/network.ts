import { isIPv4, isIPv6 } from 'node:net'

/**
 * What counts as one network for limits and for "where": an IPv4 address, or the /64 of an IPv6 address, which is what
 * one household or one rented server holds.
 */
export function networkOf(ip: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(ip)?.[1]
  if (mapped) return mapped
  if (isIPv4(ip)) return ip
  return isIPv6(ip) ? `${firstFourGroups(ip)}::/64` : 'unknown'
}

function firstFourGroups(ip: string): string {
  const [head = '', tail] = (ip.split('%')[0] ?? '').split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const groups =
    tail === undefined ? before : [...before, ...Array<string>(8 - before.length - after.length).fill('0'), ...after]
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
