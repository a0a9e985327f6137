// Which Node runs this project. Kept to what Node 20 understands: it runs before anything is installed.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Node 24 from 24.14.1 on: earlier ones lack the fix for hash collisions in JSON.parse (CVE-2026-21717). */
export function isGoodEnough(version = process.versions.node) {
  const [major, minor, patch] = version.split('.').map(Number)
  return major === 24 && (minor > 14 || (minor === 14 && patch >= 1))
}

/** The path of the Node to use: the one running now if it will do, else the one that the bootstrap brought. */
export function nodePath() {
  if (isGoodEnough()) return process.execPath
  const windows = process.platform === 'win32'
  const name = `node-${windows ? 'win' : process.platform}-${process.arch}`
  return join(root, 'runtime', 'node_modules', name, 'bin', windows ? 'node.exe' : 'node')
}

/** Words for a machine on which neither will do. */
export function missingRuntime() {
  return existsSync(nodePath())
    ? null
    : `Meridian runs on Node 24 (24.14.1 or later). This machine has ${process.versions.node}, and the registry carries ` +
        `no Node for ${process.platform}-${process.arch}. Install Node 24, then run the same command again.`
}
