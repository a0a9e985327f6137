import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

/** Tells whether an address is that of a proxy of ours, whose word on where a request came from counts. */
export type Trust = (address: string) => boolean

const NAMED: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
}

/** The proxies that TRUST_PROXY names: addresses, networks and names of ranges, separated by commas; none where it is unset. */
export function proxiesIn(setting: string | undefined): Trust {
  const proxies = new BlockList()
  const named = (setting ?? '').split(',').map((part) => part.trim())
  for (const network of named.filter(Boolean).flatMap((name) => NAMED[name] ?? [name])) {
    const [address = '', length] = network.split('/')
    const family = familyOf(address)
    if (length === undefined) proxies.addAddress(address, family)
    else proxies.addSubnet(address, Number(length), family)
  }
  return (address) => isIP(address) > 0 && proxies.check(address, familyOf(address))
}

/**
 * The address that a request came from: going back through `X-Forwarded-For`, where each proxy has put down who spoke to
 * it, the first that is no proxy of ours. Whatever stands before that, anybody may have written.
 */
export function cameFrom({ socket, headers }: Pick<IncomingMessage, 'socket' | 'headers'>, isProxy: Trust): string {
  let from = socket.remoteAddress ?? ''
  const forwarded = headers['x-forwarded-for']
  if (forwarded === undefined || !isProxy(from)) return from
  for (const hop of String(forwarded).split(',').toReversed()) {
    if (!isProxy(from)) break
    from = hop.trim() || from
  }
  return from
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4'
}
