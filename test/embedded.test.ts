import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isPostmasterOf } from '../src/database/embedded/postmaster-file.ts'
import { projectRoot } from '../src/lib/project-root.ts'
import { urls } from '../src/urls.ts'
import { ownFolder } from './support/folder.ts'
import { startEmbeddedNode, type Node } from './support/site.ts'
import { Visitor } from './support/visitor.ts'

const folder = ownFolder()
const cluster = () => realpathSync(join(folder, 'postgres'))
const pidFile = () => join(cluster(), 'postmaster.pid')
const postmaster = () => Number(readFileSync(pidFile(), 'utf8').split('\n')[0])
const people: { email: string; password: string }[] = []

/** One after the other: each begins where the last one left the data. */
describe('the embedded database', () => {
  let node: Node

  test('is created by the first start, and keeps a registration', async () => {
    node = await startEmbeddedNode(folder)
    await registered(node)
  })

  test('can be used by a command beside the node, which goes on being served', async () => {
    const printed = execFileSync(process.execPath, [join(projectRoot, 'dist/main.mjs'), 'migrate', '--json'], {
      env: { ...process.env, DATA_DIR: folder },
      encoding: 'utf8',
    })
    expect(JSON.parse(printed)).toEqual({ applied: [] })
    expect((await fetch(`${node.url}/readyz`)).status).toBe(200)
  })

  test('P5: survives kill -9 of PostgreSQL: it is started again, and what was acknowledged is there', async () => {
    const before = postmaster()
    process.kill(before, 'SIGKILL')
    await expect.poll(() => fetch(`${node.url}/readyz`).then(({ status }) => status), { timeout: 20_000 }).toBe(503)
    await expect.poll(() => fetch(`${node.url}/readyz`).then(({ status }) => status), { timeout: 20_000 }).toBe(200)
    expect(postmaster()).not.toBe(before)
    await everybodySignsIn(node)
    await registered(node)
  })

  test('P5: survives kill -9 of the node: the next one finds it running', async () => {
    node.process.kill('SIGKILL')
    const running = postmaster()
    node = await startEmbeddedNode(folder)
    expect(postmaster()).toBe(running)
    await everybodySignsIn(node)
  })

  test('takes nobody else for its server, whose number a crash has left in the pid file', async () => {
    node.process.kill('SIGKILL')
    const stranger = spawn('sleep', ['60'])
    const former = postmaster()
    process.kill(former, 'SIGKILL')
    await expect.poll(() => isPostmasterOf(cluster(), former)).toBe(false)
    const lines = readFileSync(pidFile(), 'utf8').split('\n')
    writeFileSync(pidFile(), [String(stranger.pid), ...lines.slice(1)].join('\n'))
    node = await startEmbeddedNode(folder)
    expect(postmaster()).not.toBe(stranger.pid)
    expect(stranger.exitCode).toBeNull()
    await everybodySignsIn(node)
    stranger.kill()
  })

  test('ends with the node that is told to end', async () => {
    const ended = new Promise((resolve) => node.process.once('exit', resolve))
    node.process.kill('SIGTERM')
    expect(await ended).toBe(0)
    expect(existsSync(pidFile())).toBe(false)
  })
})

async function registered(node: Node): Promise<void> {
  const { answer, email, password } = await new Visitor(node).register()
  expect(answer.status).toBe(303)
  people.push({ email, password })
}

async function everybodySignsIn(node: Node): Promise<void> {
  for (const { email, password } of people) {
    const visitor = new Visitor(node)
    expect((await visitor.signIn(email, password)).headers.location).toBe(urls.landing)
  }
}
