import { momentInWords } from '../../lib/moments.ts'
import type { LetterData, LetterKind } from '../outbox.ts'
import type { Letter } from './letter.ts'

export interface LetterSetting {
  brand: string
  publicUrl: string
  signInUrl: string
  /** Where somebody gets back in who can no longer be sure of their password. */
  recoveryUrl: string
  /** The link that carries the letter's code; null for a letter without one. */
  link: string | null
}

type Templates = { [Kind in LetterKind]: (data: LetterData<Kind>, setting: LetterSetting) => Letter }

/** The words of every letter. Each is short, says why it came, and never asks for a password. */
const templates: Templates = {
  welcome: ({ firstName }, { brand, publicUrl, link }) => ({
    subject: `Welcome to ${brand}`,
    heading: `Welcome, ${firstName}.`,
    paragraphs: [
      `Your account with ${brand} is open, and you can use it at once.`,
      link
        ? 'Please confirm that this address is yours. It is how you get back in should you ever lose your password.'
        : 'This address is how you get back in should you ever lose your password.',
    ],
    ...(link ? action('Confirm your address', link) : { action: { label: `Go to ${brand}`, url: publicUrl } }),
    remarks: link
      ? [
          'The link works once, within 24 hours.',
          'If you did not register, somebody typed your address by mistake. You need not do anything; nobody can use it to learn about you.',
        ]
      : ['Sign in with this address and the password that you chose.'],
  }),

  // To an address that nobody has proved yet: no word in it was typed by whoever sent the form.
  'registration-link': (_, { brand, link }) => ({
    subject: `Finish your registration with ${brand}`,
    heading: 'One step more.',
    paragraphs: [
      `Somebody, hopefully you, registered with ${brand} under this address. Your account begins when you follow the link.`,
      ...(link ? [] : ['The link that belonged here has been used since, or has expired.']),
    ],
    ...action('Finish your registration', link),
    remarks: [
      'The link works once, within 24 hours.',
      'If you did not register, somebody typed your address by mistake. You need not do anything: no account is made without this link.',
    ],
  }),

  'already-registered': ({ firstName }, { brand, signInUrl, recoveryUrl }) => ({
    subject: `You already have an account with ${brand}`,
    heading: `You are registered already, ${firstName}.`,
    paragraphs: [
      `Somebody, hopefully you, has just given this address for a new account with ${brand}, or as the new address of another one. It has an account already, and that stays as it is.`,
    ],
    action: { label: 'Sign in', url: signInUrl },
    alternative: { label: 'Choose a new password', url: recoveryUrl },
    remarks: ['If it was not you, you need not do anything. Whoever it was has learnt nothing about you.'],
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

  // To an address that nobody has proved yet: no word in it was typed by whoever sent the form.
  'confirm-new-address': (_, { brand, link }) => ({
    subject: `Confirm your new address for ${brand}`,
    heading: 'Is this your new address?',
    paragraphs: [
      `Somebody, hopefully you, asked to use this address for an account with ${brand}. Until it is confirmed, everything stays as it is.`,
    ],
    ...action('Confirm the new address', link),
    remarks: [
      'The link works once, within 24 hours, and only while you are signed in to that account.',
      'If you did not ask for it, somebody typed your address by mistake. You need not do anything.',
    ],
  }),

  // To an address that nobody has proved yet: no word in it was typed by a customer.
  'confirm-corrected-address': (_, { brand, link }) => ({
    subject: `Confirm your address for ${brand}`,
    heading: 'Is this your address?',
    paragraphs: [
      `You told us, we hope, to use this address for your account with ${brand}. Until it is confirmed, everything stays as it is.`,
    ],
    ...action('Confirm the address', link),
    remarks: [
      'The link works once, within 24 hours.',
      'If you did not speak with us, somebody gave your address by mistake. You need not do anything.',
    ],
  }),

  'address-corrected': ({ firstName }, { brand, recoveryUrl }) => ({
    subject: `Another address was given for your account with ${brand}`,
    heading: 'Did you speak with us?',
    paragraphs: [
      `${firstName}, somebody, hopefully you, told us to use another email address for your account with ${brand}. Nothing is changed until that address is confirmed; then we write to this one once more, with a link to take it back.`,
      'If it was you, there is nothing to do.',
    ],
    action: { label: 'It was not me', url: recoveryUrl },
    remarks: [
      'If it was not you, choose a new password at once: it also makes the link to the other address worthless.',
    ],
  }),

  'address-changed': ({ firstName }, { brand, link }) => ({
    subject: `The address of your account with ${brand} was changed`,
    heading: 'Your address was changed.',
    paragraphs: [
      `${firstName}, your account with ${brand} has another email address now, and this one is no longer used for it.`,
      'If it was you, there is nothing to do. If it was not, take it back: your account gets this address again, everybody is signed out of it, and you choose a new password.',
    ],
    ...action('It was not me: take it back', link),
    remarks: ['The link works once, within 7 days. After that, please write to us.'],
  }),

  'new-device': ({ firstName, device, network, at }, { brand, recoveryUrl }) => ({
    subject: `New sign-in to your account with ${brand}`,
    heading: 'Was this you?',
    paragraphs: [
      `${firstName}, somebody signed in to your account with ${brand} from a browser that we have not seen you use before.`,
      `On ${momentInWords(new Date(at))}: ${device}, from ${network === null ? 'an unknown network' : `the network ${network}`}.`,
      'If it was you, there is nothing to do.',
    ],
    action: { label: 'It was not me', url: recoveryUrl },
    remarks: [
      'If it was not you, choose a new password at once: we send you a link for it, and everybody who is signed in to your account is signed out.',
      'Your profile leads to the list of where you are signed in.',
    ],
  }),

  'account-closing': ({ firstName, closesAt }, { brand, publicUrl }) => ({
    subject: `Your account with ${brand} will be erased`,
    heading: 'Your account is closed.',
    paragraphs: [
      `${firstName}, your account with ${brand} can no longer be used, and everybody who was signed in is signed out.`,
      `On ${momentInWords(new Date(closesAt))}, it is erased for good, with all that we hold about you. Until then you can change your mind: sign in, and press the button that keeps it.`,
    ],
    action: { label: `Go to ${brand}`, url: publicUrl },
    remarks: [
      'If this was not you, choose a new password at once with “Forgotten your password?” on the sign-in page: that keeps your account, and signs everybody else out of it.',
    ],
  }),

  'choose-password': ({ firstName }, { brand, link }) => ({
    subject: `Choose your password for ${brand}`,
    heading: `Your way in, ${firstName}.`,
    paragraphs: [
      `You spoke with us, and we promised you this letter. With its link you choose a password for your account with ${brand}, and are signed in at once. Nobody but you ever learns it.`,
    ],
    ...action('Choose your password', link),
    remarks: [
      'The link works once, within 24 hours. When you use it, everybody who is signed in to your account is signed out.',
      'If you did not speak with us, you need not do anything: nothing changes without this link.',
    ],
  }),

  'account-kept': ({ firstName }, { brand, publicUrl }) => ({
    subject: `Your account with ${brand} stays`,
    heading: `Good to have you back, ${firstName}.`,
    paragraphs: [`Your account with ${brand} will not be erased. It is just as it was, and you can use it at once.`],
    action: { label: `Go to ${brand}`, url: publicUrl },
    remarks: [
      'If this was not you, choose a new password at once with “Forgotten your password?” on the sign-in page, and write to us.',
    ],
  }),

  // The address that is given up may never have been proved: nothing of the letter to it was typed by a customer.
  'accounts-merged': ({ firstName, signsIn }, { brand, signInUrl, recoveryUrl }) => ({
    subject: `Your two accounts with ${brand} are one now`,
    heading: signsIn ? `One account, ${firstName}.` : 'This address signs in no longer.',
    paragraphs: signsIn
      ? [
          `You had two accounts with ${brand}, and we have made one of them. Sign in to it with this address.`,
          'Should your password not open it, you have one that belonged to the account that is gone: choose a new one.',
        ]
      : [
          `There were two accounts with ${brand}, and we have made one of them. The one with this address went into the other; sign in with your other address, or with your username.`,
        ],
    action: { label: 'Sign in', url: signInUrl },
    ...(signsIn ? { alternative: { label: 'Choose a new password', url: recoveryUrl } } : {}),
    remarks: ['If you never had two accounts, please write to us: within 30 days it can be taken back.'],
  }),

  'merge-undone': ({ firstName }, { brand, signInUrl }) => ({
    subject: `Your accounts with ${brand} are separate again`,
    heading: `Two accounts again, ${firstName}.`,
    paragraphs: [
      `We had made one account of two with ${brand}, and have taken that back. This address signs in to its own account again, with the password that it had.`,
    ],
    action: { label: 'Sign in', url: signInUrl },
    remarks: ['If you have any questions about it, please write to us.'],
  }),

  'staff-invitation': ({ role, invitedBy }, { brand, link }) => ({
    subject: `You are invited to the staff of ${brand}`,
    heading: 'Welcome aboard.',
    paragraphs: [
      `${invitedBy ?? `The operator of ${brand}`} invites you to join the staff of ${brand}, as ${roleInWords(role)}.`,
      link
        ? 'Follow the link, give your name, and choose a password that nobody else ever knows.'
        : 'The link that belonged here was replaced by a newer one, was taken back, or has been used.',
    ],
    ...action('Join the staff', link),
    remarks: [
      'The link works once, within 72 hours. Should it have expired, ask whoever invited you for a new one.',
      'If you already have a customer account with this address, the page says what becomes of it before anything happens.',
      'If you do not expect this invitation, you need not do anything.',
    ],
  }),
}

function roleInWords(role: string): string {
  return role === 'customer_care' ? 'customer care' : `${role === 'admin' ? 'an' : 'a'} ${role}`
}

export function letterOf<Kind extends LetterKind>(kind: Kind, data: LetterData<Kind>, setting: LetterSetting): Letter {
  return templates[kind](data, setting)
}

function action(label: string, url: string | null): Pick<Letter, 'action'> {
  return url === null ? {} : { action: { label, url } }
}
