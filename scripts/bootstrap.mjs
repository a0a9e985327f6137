// Makes a fresh clone ready to run with nothing but Node 20 and npm: first Node 24, where the machine's own is older,
// then the packages, each exactly as its lockfile says. Does nothing when both are current.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, delimiter, join } from 'node:path'
import { isGoodEnough, missingRuntime, nodePath, root } from './runtime.mjs'

if (!isGoodEnough()) {
  install('runtime', 'Bringing Node 24', process.execPath)
  const words = missingRuntime()
  if (words) fail(words)
}
install('.', 'Installing packages', nodePath())

function install(folder, doing, node) {
  const directory = join(root, folder)
  const stamp = join(directory, 'node_modules', '.meridian-stamp')
  const current = fingerprint(directory)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === current) return
  process.stderr.write(`${doing} (once; about 20 seconds) ...\n`)
  const { status, error } = npm(node, ['ci', '--ignore-scripts', '--include=dev', '--no-audit', '--no-fund'], directory)
  if (error || status !== 0) {
    fail(`${doing} failed${error ? `: ${error.message}` : ''}. npm's own words stand above; is the registry reachable?`)
  }
  writeFileSync(stamp, current)
}

function fingerprint(directory) {
  const lockfile = readFileSync(join(directory, 'package-lock.json'))
  return createHash('sha256').update(lockfile).update(`${process.platform} ${process.arch}`).digest('hex')
}

function npm(node, args, cwd) {
  const cli = process.env.npm_execpath
  const env = { ...process.env, PATH: dirname(node) + delimiter + process.env.PATH }
  // What npm says goes to stderr, so that `npm run meridian -- … --json` stays a document.
  const options = { cwd, env, stdio: ['ignore', 2, 2] }
  return cli?.endsWith('npm-cli.js')
    ? spawnSync(node, [cli, ...args], options)
    : spawnSync('npm', args, { ...options, shell: process.platform === 'win32' })
}

function fail(words) {
  process.stderr.write(`\n${words}\n`)
  process.exit(1)
}
