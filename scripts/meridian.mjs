// The command line of a checkout: builds, then hands over. `npm start` is this without arguments.
import { buildAll } from './build.mjs'

await buildAll()
await import('../dist/main.mjs')
