import type { LetterData, LetterKind } from '../outbox.ts'
import type { Letter } from './letter.ts'

export interface LetterSetting {
  brand: string
  publicUrl: string
  /** The link that carries the letter's code; null for a letter without one. */
  link: string | null
}

type Templates = Record<LetterKind, (data: LetterData, setting: LetterSetting) => Letter>

/** The words of every letter. Each is short, says why it came, and never asks for a password. */
const templates: Templates = {
  welcome: ({ firstName }, { brand, link }) => ({
    subject: `Welcome to ${brand}`,
    heading: `Welcome, ${firstName}.`,
    paragraphs: [
      `Your account with ${brand} is open, and you can use it at once.`,
      'Please confirm that this address is yours. It is how you get back in should you ever lose your password.',
    ],
    ...action('Confirm your address', link),
    remarks: [
      'The link works once, within 24 hours.',
      'If you did not register, somebody typed your address by mistake. You need not do anything; nobody can use it to learn about you.',
    ],
  }),

  'confirm-address': ({ firstName }, { link }) => ({
    subject: 'Confirm your email address',
    heading: `Is this address yours, ${firstName}?`,
    paragraphs: ['You asked us for a new link to confirm your address.'],
    ...action('Confirm your address', link),
    remarks: ['The link works once, within 24 hours.', 'If you did not ask for it, you need not do anything.'],
  }),

  recovery: ({ firstName }, { brand, link }) => ({
    subject: `Choose a new password for ${brand}`,
    heading: `Back in, ${firstName}.`,
    paragraphs: [`Somebody, hopefully you, asked to choose a new password for your account with ${brand}.`],
    ...action('Choose a new password', link),
    remarks: [
      'The link works once, within an hour. When you use it, everybody who is signed in to your account is signed out.',
      'If it was not you who asked, you need not do anything: your password stays as it is.',
    ],
  }),

  'password-changed': ({ firstName }, { brand, publicUrl }) => ({
    subject: `Your password for ${brand} was changed`,
    heading: 'Your password was changed.',
    paragraphs: [
      `${firstName}, the password of your account with ${brand} has just been changed, and everybody else was signed out.`,
    ],
    action: { label: `Go to ${brand}`, url: publicUrl },
    remarks: [
      'If this was not you, choose a new password at once with “Forgotten your password?” on the sign-in page, and write to us.',
    ],
  }),
}

export function letterOf(kind: LetterKind, data: LetterData, setting: LetterSetting): Letter {
  return templates[kind](data, setting)
}

function action(label: string, url: string | null): Pick<Letter, 'action'> {
  return url === null ? {} : { action: { label, url } }
}
