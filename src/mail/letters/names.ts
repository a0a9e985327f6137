import type { LetterKind } from '../outbox.ts'

/** What the staff call each letter: near its subject, and without anybody's name. */
export const letterNames: Record<LetterKind, string> = {
  welcome: 'Welcome',
  'registration-link': 'Finish your registration',
  'already-registered': 'You already have an account',
  'confirm-address': 'Confirm your address',
  recovery: 'Choose a new password',
  'password-changed': 'Your password was changed',
  'confirm-new-address': 'Confirm your new address',
  'address-changed': 'Your address was changed',
  'confirm-corrected-address': 'Confirm your address',
  'address-corrected': 'Another address was given',
  'new-device': 'New sign-in',
  'account-closing': 'Your account will be erased',
  'account-kept': 'Your account stays',
  'choose-password': 'Choose your password',
  'staff-invitation': 'You are invited to the staff',
  'accounts-merged': 'Your accounts were merged',
  'merge-undone': 'Your accounts are separate again',
}
