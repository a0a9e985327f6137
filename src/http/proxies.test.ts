import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { fastify } from 'fastify'
import { array, assert, asyncProperty, constantFrom } from 'fast-check'
import { expect, test } from 'vitest'
import { cameFrom, proxiesIn } from './proxies.ts'

test('TRUST_PROXY: addresses, networks and ranges by name', () => {
  const isProxy = proxiesIn('loopback, 10.1.0.0/16, 192.0.2.7, 2001:db8::/32')
  const yes = ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1', '10.1.2.3', '192.0.2.7', '2001:db8::5']
  const no = ['10.2.0.1', '192.0.2.8', '2001:db9::5', '', 'unknown', '127.0.0.1:80']
  expect(yes.map(isProxy)).toEqual(yes.map(() => true))
  expect(no.map(isProxy)).toEqual(no.map(() => false))
  expect(proxiesIn(undefined)('127.0.0.1')).toBe(false)
})

test('15.3.4 a request came from whoever spoke to the last proxy, whatever was written before', () => {
  const isProxy = proxiesIn('loopback,10.0.0.0/8')
  expect(from('127.0.0.1', '1.1.1.1, 203.0.113.9', isProxy)).toBe('203.0.113.9')
  expect(from('127.0.0.1', '203.0.113.9, 10.0.0.4', isProxy)).toBe('203.0.113.9')
  expect(from('203.0.113.9', '1.1.1.1', isProxy)).toBe('203.0.113.9')
  expect(from('127.0.0.1', undefined, isProxy)).toBe('127.0.0.1')
  expect(from('127.0.0.1', '10.0.0.1, 10.0.0.4', isProxy)).toBe('10.0.0.1')
})

test('and it is the address that the framework finds', () => {
  const setting = 'loopback,10.0.0.0/8'
  const server = fastify({ trustProxy: proxiesIn(setting) })
  const hop = constantFrom('127.0.0.1', '10.0.0.4', '203.0.113.9', '::ffff:10.1.1.1', '2001:db8::1', 'junk', '', ' ')
  server.get('/', (request) => ({ theirs: request.ip, ours: cameFrom(request.raw, proxiesIn(setting)) }))
  return assert(
    asyncProperty(hop, array(hop, { maxLength: 4 }), async (remoteAddress, chain) => {
      const headers = chain.length > 0 ? { 'x-forwarded-for': chain.join(',') } : {}
      const { theirs, ours } = (await server.inject({ url: '/', remoteAddress, headers })).json()
      expect(ours).toBe(theirs)
    }),
  )
})

function from(address: string, forwarded: string | undefined, isProxy: (address: string) => boolean): string {
  const request = new IncomingMessage(new Socket())
  Object.defineProperty(request.socket, 'remoteAddress', { value: address })
  if (forwarded !== undefined) request.headers['x-forwarded-for'] = forwarded
  return cameFrom(request, isProxy)
}
