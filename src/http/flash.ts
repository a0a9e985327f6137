import { fullName, type Account } from '../accounts/account.ts'
import type { Notice } from '../ui/page.ts'

/** What one page has to say on the next. The cookie carries the code alone; the words are made when they are shown. */
const notices = {
  registered: (brand, account) => welcome(brand, account),
  'registered-without-username': (brand, account) => {
    const { kind, words } = welcome(brand, account)
    return {
      kind,
      words: `${words} Somebody else has the username that you chose, so your account has none: you sign in with your email address.`,
    }
  },
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
  'letter-sent-again': () => ({
    kind: 'success',
    words: 'If you registered in this browser, the letter is on its way to you once more.',
  }),
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
  'account-closing': () => ({
    kind: 'success',
    words:
      'Your account will be erased in 14 days, and you are signed out everywhere. Should you change your mind, sign in before then.',
  }),
  'downloaded-often': () => ({
    kind: 'problem',
    words: 'You have downloaded this several times within the hour. Please try again later.',
  }),
  'account-kept': (_, account) => ({
    kind: 'success',
    words: `Good to have you back${account ? `, ${account.firstName}` : ''}. Your account stays, just as it was.`,
  }),
  'session-ended': () => ({ kind: 'success', words: 'That session has ended.' }),
  'session-had-ended': () => ({ kind: 'info', words: 'That session had ended already.' }),
  'other-sessions-ended': () => ({ kind: 'success', words: 'You are signed in here and nowhere else.' }),
  'password-changed': () => ({
    kind: 'success',
    words: 'Your new password is saved. You are still signed in here, and everywhere else you were signed out.',
  }),
  'email-change-sent': () => ({
    kind: 'success',
    words: 'A letter is on its way to your new address. Open its link here, and the change is done.',
  }),
  'email-changed': () => ({
    kind: 'success',
    words: 'Your email address is changed and confirmed. Use it from now on to sign in.',
  }),
  'email-taken-back': () => ({
    kind: 'success',
    words:
      'Your address is yours again, and everybody was signed out. The password no longer works: ask for a link here, and choose a new one.',
  }),
  'person-helped': () => ({ kind: 'success', words: 'Done, and recorded with your reason.' }),
  'person-letter-sent': () => ({
    kind: 'success',
    words: 'A letter with a link is on its way to their address. The link is good for 24 hours.',
  }),
  'registered-at-the-desk': () => ({
    kind: 'success',
    words:
      'They are registered. A letter is on its way to them, with a link to choose their password, good for 24 hours.',
  }),
  'person-address-sent': () => ({
    kind: 'success',
    words:
      'A letter with a link is on its way to the new address, and the old one is told. Nothing changes before the link is followed.',
  }),
  'address-corrected': () => ({
    kind: 'success',
    words: 'Thank you, the address is yours and confirmed. Sign in with it; if you have no password, ask for a link.',
  }),
  'person-saved': () => ({ kind: 'success', words: 'The profile has been saved.' }),
  'person-not-so': () => ({
    kind: 'info',
    words: 'Nothing was changed: how things stand is another by now. This page shows them as they are.',
  }),
  'staff-invited': () => ({ kind: 'success', words: 'The invitation is on its way. Its link is good for 72 hours.' }),
  'invitation-revoked': () => ({
    kind: 'success',
    words: 'The invitation is taken back. Its link opens nothing any more.',
  }),
  'invitation-over': () => ({
    kind: 'info',
    words: 'That invitation was accepted, taken back or sent anew meanwhile. The list below is as it is now.',
  }),
  'role-changed': () => ({ kind: 'success', words: 'The role is as you chose.' }),
  'staff-suspended': () => ({ kind: 'success', words: 'The account is suspended, and every session of it has ended.' }),
  'staff-restored': () => ({ kind: 'success', words: 'The account is restored, and can be signed in to again.' }),
  'question-decided': () => ({ kind: 'success', words: 'It is decided, and recorded with your reason.' }),
  'question-was-decided': () => ({
    kind: 'info',
    words: 'Somebody else decided that meanwhile. This page shows what, and why.',
  }),
  'letter-due': () => ({ kind: 'success', words: 'It is due now, and is tried within a second or two.' }),
  'accounts-merged': () => ({ kind: 'success', words: 'The two are one account now. This can be taken back below.' }),
  'merge-undone': () => ({
    kind: 'success',
    words: 'Both accounts are as they were. The person of the one that came back signs in anew.',
  }),
  'merge-impossible': () => ({
    kind: 'info',
    words: 'Those two cannot be merged: only two different accounts of customers can, neither of them being closed.',
  }),
  'merge-changed-since': () => ({
    kind: 'problem',
    words: 'Nothing was taken back: what the merge made of the account has been changed since, and that would be lost.',
  }),
  'merge-in-the-way': () => ({
    kind: 'problem',
    words:
      'Nothing was taken back: something that came to be since is in the way, such as a new account with the address or username of the one that went.',
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
