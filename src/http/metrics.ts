import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { FastifyInstance } from 'fastify'
import type { Passwords } from '../accounts/passwords/passwords.ts'

/** Prometheus figures of one node. Labels are outcomes and routes, never anything of a person. */
export interface Metrics {
  registry: Registry
  registrations: Counter<'outcome'>
  signIns: Counter<'outcome'>
  responses: Histogram<'method' | 'route' | 'status'>
}

export function openMetrics(passwords: Passwords): Metrics {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const waiting = new Gauge({
    name: 'meridian_hashing_waiting',
    help: 'Password hashes that wait for a core.',
    registers: [],
    collect() {
      this.set(passwords.waiting)
    },
  })
  registry.registerMetric(waiting)
  return {
    registry,
    registrations: new Counter({
      name: 'meridian_registrations_total',
      help: 'Registrations by outcome.',
      labelNames: ['outcome'],
      registers: [registry],
    }),
    signIns: new Counter({
      name: 'meridian_sign_ins_total',
      help: 'Sign-ins by outcome.',
      labelNames: ['outcome'],
      registers: [registry],
    }),
    responses: new Histogram({
      name: 'meridian_response_seconds',
      help: 'Time from request to answer.',
      labelNames: ['method', 'route', 'status'],
      buckets: [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
      registers: [registry],
    }),
  }
}

export function measureResponses(server: FastifyInstance, { responses }: Metrics): void {
  server.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url ?? 'none'
    responses.observe({ method: request.method, route, status: reply.statusCode }, reply.elapsedTime / 1000)
    done()
  })
}
