/**
 * Takes a connection string with several hosts apart (libpq's form, `postgres://user:word@one:5432,two:5432/name`),
 * which the driver does not read: one connection string for each host, in order.
 */
export function hostsOf(url: string): string[] {
  const parts = /^(?<scheme>postgres(?:ql)?:\/\/)(?<login>[^@/?]*@)?(?<hosts>[^/?]*)(?<rest>.*)$/.exec(url)?.groups
  if (!parts) throw new TypeError('not a postgres:// connection string')
  const { scheme = '', login = '', hosts = '', rest = '' } = parts
  return hosts.split(',').map((host) => scheme + login + host + withoutSessionAttributes(rest))
}

/** libpq's own wish for a primary; the pool sees to that itself. */
function withoutSessionAttributes(rest: string): string {
  return rest.replace(/([?&])target_session_attrs=[^&]*&?/, '$1').replace(/[?&]$/, '')
}
