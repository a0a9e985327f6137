// Builds and serves, and does both again whenever a source file changes.
import { spawn } from 'node:child_process'
import { watch } from 'node:fs'
import { join } from 'node:path'
import { buildAll } from './build.mjs'
import { root } from './runtime.mjs'

const SETTLED_AFTER = 100

/** Nobody runs from an earlier build; longer than the clock of a file system is coarse. */
const AN_INSTANT = 1000

let server = null
let timer = null

async function restart() {
  try {
    await buildAll({ keptFor: AN_INSTANT })
  } catch (error) {
    process.stderr.write(`${error.message}\nwaiting for the next change ...\n`)
    return
  }
  await stop()
  server = spawn(process.execPath, [join(root, 'dist/main.mjs')], { stdio: 'inherit' })
}

async function stop() {
  if (server === null || server.exitCode !== null) return
  const ended = new Promise((resolve) => server.once('exit', resolve))
  server.kill('SIGTERM')
  await ended
}

for (const folder of ['src', 'migrations']) {
  watch(join(root, folder), { recursive: true }, () => {
    clearTimeout(timer)
    timer = setTimeout(() => void restart(), SETTLED_AFTER)
  })
}
process.on('SIGINT', () => void stop().then(() => process.exit(0)))
await restart()
