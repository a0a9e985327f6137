import { expect, test } from 'vitest'
import { hostsOf } from './hosts.ts'

test.each([
  ['postgres://ann:pw@one:5432/db', ['postgres://ann:pw@one:5432/db']],
  [
    'postgres://ann:pw@one:5432,two:5433,three/db',
    ['postgres://ann:pw@one:5432/db', 'postgres://ann:pw@two:5433/db', 'postgres://ann:pw@three/db'],
  ],
  [
    'postgresql://one,two/db?sslmode=verify-full',
    ['postgresql://one/db?sslmode=verify-full', 'postgresql://two/db?sslmode=verify-full'],
  ],
  [
    'postgres://ann:p%40ss@one,two/db?target_session_attrs=read-write',
    ['postgres://ann:p%40ss@one/db', 'postgres://ann:p%40ss@two/db'],
  ],
  ['postgres://one/db?target_session_attrs=read-write&sslmode=require', ['postgres://one/db?sslmode=require']],
])('%s names its hosts in order', (url, hosts) => {
  expect(hostsOf(url)).toEqual(hosts)
})
