import { fullName, type Account } from '../accounts/account.ts'
import type { Notice } from '../ui/page.ts'

/** What one page has to say on the next. The cookie carries the code alone; the words are made when they are shown. */
const notices = {
  registered: (brand, account) => welcome(brand, account),
  'welcome-back': (_, account) => ({
    kind: 'success',
    words: account ? `Welcome back, ${fullName(account)}!` : 'Welcome back!',
  }),
  'signed-out': () => ({ kind: 'success', words: 'You have been successfully logged out.' }),
  'already-signed-in': (_, account) => ({
    kind: 'info',
    words: `You are signed in${account ? ` as ${fullName(account)}` : ''} already. Sign out first to use another account.`,
  }),
  'profile-saved': () => ({ kind: 'success', words: 'Your profile has been saved.' }),
  'email-confirmed': () => ({ kind: 'success', words: 'Thank you. Your email address is confirmed.' }),
  'confirmation-sent': () => ({ kind: 'success', words: 'A letter with a new link is on its way to you.' }),
  'confirmation-sent-often': () => ({
    kind: 'problem',
    words:
      'We have written to you several times within the hour. Please look among your unwanted mail, or try again later.',
  }),
  'send-once-more': () => ({
    kind: 'info',
    words: 'That page was open for a long time. Please press the button once more.',
  }),
  'password-saved': () => ({
    kind: 'success',
    words: 'Your new password is saved, and you are signed in. Everybody else was signed out.',
  }),
  'sign-in-first': () => ({ kind: 'info', words: 'Please sign in to see that page.' }),
} satisfies Record<string, (brand: string, account: Account | null) => Notice>

export type FlashCode = keyof typeof notices

export function noticeFor(code: string | null, brand: string, account: Account | null): Notice | null {
  return code !== null && Object.hasOwn(notices, code) ? notices[code as FlashCode](brand, account) : null
}

function welcome(brand: string, account: Account | null): Notice {
  const words = account
    ? `Welcome to ${brand}, ${fullName(account)}! Your account has been created successfully.`
    : `Welcome to ${brand}! Your account has been created successfully.`
  return { kind: 'success', words }
}
