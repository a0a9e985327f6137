import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { projectRoot } from '../src/lib/project-root.ts'
import { urls } from '../src/urls.ts'
import { startEmbeddedNode, type Node } from './support/site.ts'
import { Visitor } from './support/visitor.ts'

const folder = mkdtempSync(join(tmpdir(), 'meridian-embedded-'))
const cluster = () => realpathSync(join(folder, 'postgres'))
const pidFile = () => join(cluster(), 'postmaster.pid')
const postmaster = () => Number(readFileSync(pidFile(), 'utf8').split('\n')[0])
const people: { email: string; password: string }[] = []

afterAll(() => {
  const place = cluster()
  if (existsSync(pidFile())) process.kill(postmaster(), 'SIGQUIT')
  rmSync(folder, { recursive: true, force: true })
  rmSync(place, { recursive: true, force: true })
})

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
