// Runs a script of this folder under the right Node: in this very process where that is the one running.
import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { delimiter, dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isGoodEnough, missingRuntime, nodePath } from './runtime.mjs'

const [script, ...args] = process.argv.slice(2)

// Password hashes run on libuv's threads, of which there are four unless somebody says otherwise before it starts.
process.env.UV_THREADPOOL_SIZE ??= String(Math.max(4, availableParallelism() + 2))

if (isGoodEnough()) {
  process.argv = [process.execPath, resolve(script), ...args]
  await import(pathToFileURL(resolve(script)).href)
} else {
  const words = missingRuntime()
  if (words) {
    process.stderr.write(`${words}\n`)
    process.exit(1)
  }
  const env = { ...process.env, PATH: dirname(nodePath()) + delimiter + process.env.PATH }
  const child = spawn(nodePath(), [resolve(script), ...args], { stdio: 'inherit', env })
  // A terminal's Ctrl-C reaches the child by itself; a signal sent to this process alone has to be passed on.
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  process.on('SIGINT', () => {})
  child.on('exit', (code, signal) => (signal ? process.kill(process.pid, signal) : process.exit(code ?? 1)))
}
