import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { Fault } from '../../answers/fault.ts'
import { DAY } from '../../lib/time.ts'
import { projectRoot } from '../../lib/project-root.ts'
import { urls } from '../../urls.ts'

/** What the build calls its files. */
const ASSET = /^[\w.-]{1,200}$/

/** Stylesheet, scripts and typeface: each has a hash of its content in its name, so browsers keep it for good. */
export async function assetRoutes(server: FastifyInstance): Promise<void> {
  await server.register(fastifyStatic, {
    root: join(projectRoot, 'dist/public'),
    serve: false,
    preCompressed: true,
    immutable: true,
    maxAge: 365 * DAY,
  })
  server.get(`${urls.assets}:name`, { config: { access: 'machine' } }, (request, reply) => {
    const { name } = request.params as { name: string }
    if (!ASSET.test(name)) throw new Fault('not-found')
    return reply.sendFile(name)
  })
}
