import type { FastifyRequest } from 'fastify'
import { Fault } from '../answers/fault.ts'
import type { Cookies } from './cookies.ts'

const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Refuses what another site's page sends (ASVS 3.5.1). Fetch Metadata decides; where a browser sends none, its Origin
 * must be ours; where it sends neither, it is no browser of today, and may bring no cookie of ours.
 */
export function assertOwnOrigin(request: FastifyRequest, publicUrl: string, cookies: Cookies): void {
  if (SAFE_METHODS.has(request.method) || isOwn(request, publicUrl, cookies)) return
  throw new Fault('cross-origin-request')
}

function isOwn(request: FastifyRequest, publicUrl: string, cookies: Cookies): boolean {
  const site = request.headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const { origin } = request.headers
  return origin === undefined ? !cookies.anyIn(request) : origin === publicUrl
}
