import { buildAll } from './build.mjs'

await buildAll()
await import('../dist/cli.mjs')
