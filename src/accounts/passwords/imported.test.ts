import { describe, expect, test } from 'vitest'
import { decoyOf, isUnusable, parseImported } from './imported.ts'
import { Passwords } from './passwords.ts'

const PASSWORD = 'Grüße, Ärger 7 violets'

/** Made by Django 3.2.25's make_password; argon2i by the argon2-cffi that it calls; scrypt from the tests of Django 4.0. */
const VECTORS: readonly { scheme: string; stored: string; password?: string }[] = [
  {
    scheme: 'pbkdf2_sha256$260000',
    stored: 'pbkdf2_sha256$260000$KpsTzqbbUc3YpjSGL5OM2m$qDF19Em9JpryvMUiLTcndx83RHKjcAU9lYbozNNYo/k=',
  },
  {
    scheme: 'pbkdf2_sha1$260000',
    stored: 'pbkdf2_sha1$260000$SdPkDcaIpoIOXoRzb7RBtA$3NnWUuTR0YounEGMnKAM6puvoHw=',
  },
  {
    scheme: 'argon2id$v=19$m=102400,t=2,p=8',
    stored: 'argon2$argon2id$v=19$m=102400,t=2,p=8$RDBYZzhyYUl0b05JZ1JnOVEzQlFCRw$Vy2oJA7m8bNWK+eqeIxVXA',
  },
  {
    scheme: 'argon2i$v=19$m=512,t=2,p=2',
    stored: 'argon2$argon2i$v=19$m=512,t=2,p=2$c29tZXNhbHQxMjM0NTY3OA$D802OQquwmErEB2bqvkOuA',
  },
  {
    scheme: 'argon2i$v=16$m=512,t=2,p=2',
    stored: 'argon2$argon2i$v=16$m=512,t=2,p=2$c29tZXNhbHQxMjM0NTY3OA$+3lPwM5GeJ7FxAFO+2Pphw',
  },
  {
    scheme: 'argon2i$v=16$m=512,t=2,p=2',
    stored: 'argon2$argon2i$m=512,t=2,p=2$c29tZXNhbHQxMjM0NTY3OA$+3lPwM5GeJ7FxAFO+2Pphw',
  },
  {
    scheme: 'bcrypt_sha256$12',
    stored: 'bcrypt_sha256$$2b$12$OMB4Qe8Facsb/v6LU.dWLOk.A/HdyNl90gUO1WpVQPWIyKrY5qZva',
  },
  { scheme: 'bcrypt$12', stored: 'bcrypt$$2b$12$O/b2dsWKjhf7wnHLPJta6ee7IaU9DEBz6oqkLNjf4hYEnwoEQFIha' },
  {
    scheme: 'bcrypt$12',
    stored: 'bcrypt$$2b$12$dQS7CGebnIGaTv.C03k2buxqjwnw9EGwgxTJBowKDs0n8f3fBY1fa',
    password: 'x'.repeat(80),
  },
  {
    scheme: 'scrypt$16384$8$1',
    stored:
      'scrypt$16384$seasalt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw==',
    password: 'lètmein',
  },
]

describe('hashes that Django made', () => {
  const passwords = new Passwords({ memoryKib: 1024, passes: 1 })

  for (const { scheme, stored, password = PASSWORD } of VECTORS) {
    test(`${stored.slice(0, 34)}… is verified, and only by its password`, async () => {
      expect(parseImported(stored)?.scheme).toBe(scheme)
      expect(await passwords.verify(stored, password, null)).toBe(true)
      expect(await passwords.verify(stored, `!${password}`, null)).toBe(false)
      expect(passwords.isOutdated(stored)).toBe(true)
    })

    test(`${stored.slice(0, 34)}… has a decoy of the same cost that no password opens`, async () => {
      const decoy = decoyOf(stored)
      expect(decoy).not.toBe(stored)
      expect(decoy).toHaveLength(stored.length)
      expect(parseImported(decoy)?.scheme).toBe(scheme)
      expect(await passwords.verify(decoy, password, null)).toBe(false)
    })
  }

  test('are verified as typed, and else in the normal form', async () => {
    const { stored } = VECTORS[3] as (typeof VECTORS)[number]
    expect(await passwords.verify(stored, PASSWORD.normalize('NFD'), null)).toBe(true)
  })

  test('that are damaged, unknown, or dearer than a node can bear open nothing', async () => {
    const none = [
      'md5$salt$5f4dcc3b5aa765d61d8327deb882cf99',
      'pbkdf2_sha256$99999999$salt$qDF19Em9JpryvMUiLTcndx83RHKjcAU9lYbozNNYo/k=',
      'pbkdf2_sha256$0$salt$qDF19Em9JpryvMUiLTcndx83RHKjcAU9lYbozNNYo/k=',
      'argon2$argon2id$v=19$m=4194304,t=2,p=8$RDBYZzhyYUl0b05JZ1JnOVEzQlFCRw$Vy2oJA7m8bNWK+eqeIxVXA',
      'scrypt$1000$salt$8$1$Qj3+9PPyRjSJ',
      'bcrypt$$2b$31$dQS7CGebnIGaTv.C03k2buxqjwnw9EGwgxTJBowKDs0n8f3fBY1fa',
      'bcrypt$$2b$12$short',
      '!yoTHDHRjlAha3ecrCS9QfvtIzzAISs0siICMPUh0',
    ]
    for (const stored of none) {
      expect(parseImported(stored)).toBeNull()
      expect(await passwords.verify(stored, 'password', null)).toBe(false)
    }
    expect(isUnusable('!yoTHDHRjlAha3ecrCS9QfvtIzzAISs0siICMPUh0')).toBe(true)
    expect(isUnusable('')).toBe(true)
  })
})
