import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ownFolder } from '../test/support/folder.ts'
import { readConfig } from './config.ts'

const DATA_DIR = ownFolder()
const SECRET = 'a secret that is long enough to be one'
const DATABASE_URL = 'postgres://ann@db.example:5432/accounts'

describe('settings', () => {
  test('have defaults with which the site starts', () => {
    const config = readConfig({ DATA_DIR })
    expect(config).toMatchObject({
      PORT: 3000,
      HOST: '127.0.0.1',
      PUBLIC_URL: 'http://localhost:3000',
      LIMITS: 'on',
      DEFAULT_COUNTRY: 'US',
    })
  })

  test('generate a secret once, for the eyes of their owner alone', () => {
    const [first] = readConfig({ DATA_DIR }).SECRETS
    expect(readConfig({ DATA_DIR }).SECRETS).toEqual([first])
    expect(readFileSync(join(DATA_DIR, 'secret'), 'utf8')).toBe(first)
    expect(statSync(join(DATA_DIR, 'secret')).mode & 0o777).toBe(0o600)
  })

  test('never take an empty or half-written file for a secret', () => {
    const folder = ownFolder()
    for (const half of ['', 'half of o']) {
      writeFileSync(join(folder, 'secret'), half)
      expect(() => readConfig({ DATA_DIR: folder })).toThrow(expect.objectContaining({ code: 'setting-refused' }))
    }
  })

  test('take a second secret while it is rotated, the current one first', () => {
    expect(readConfig({ DATA_DIR, SECRET: `${SECRET} 2,${SECRET} 1` }).SECRETS).toEqual([`${SECRET} 2`, `${SECRET} 1`])
  })

  test.each([
    ['PORT', { PORT: 'eighty' }],
    ['PORT', { PORT: '70000' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'accounts.example' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'ftp://accounts.example' }],
    ['PUBLIC_URL', { PUBLIC_URL: 'https://accounts.example/under/a/path' }],
    ['DATABASE_URL', { DATABASE_URL: 'mysql://accounts' }],
    ['SECRET', { SECRET: 'short' }],
    ['SECRET', { SECRET: `${SECRET},short` }],
    ['DEFAULT_COUNTRY', { DEFAULT_COUNTRY: 'Atlantis' }],
    ['PASSWORD_MIN_LENGTH', { PASSWORD_MIN_LENGTH: '4' }],
    ['LIMITS', { LIMITS: 'sometimes' }],
    ['PASSWORD_MIN_LENGHT', { PASSWORD_MIN_LENGHT: '12' }],
    ['LIMITS', { LIMITS: 'off', PUBLIC_URL: 'https://accounts.example' }],
    ['SECRET', { NODE_ENV: 'production', DATABASE_URL }],
    ['SECRET', { DATABASE_URL, PUBLIC_URL: 'https://accounts.example' }],
    ['TRUST_PROXY', { TRUST_PROXY: 'banana' }],
    ['TRUST_PROXY', { TRUST_PROXY: '10.0.0.0/40' }],
    ['ARGON2_MEMORY_KIB', { ARGON2_MEMORY_KIB: '1024', PUBLIC_URL: 'https://accounts.example' }],
    ['DATABASE_OWNER_URL', { DATABASE_OWNER_URL: DATABASE_URL }],
  ])('that cannot be used stop the start in words that name %s', (name, settings) => {
    expect(() => readConfig({ DATA_DIR, ...settings })).toThrow(
      expect.objectContaining({ code: 'setting-refused', details: expect.stringContaining(name) }),
    )
  })
})
