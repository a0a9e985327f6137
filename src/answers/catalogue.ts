/**
 * Every answer other than success, in one place: a stable code, the HTTP status, and words that say what happened and
 * what to do now. docs/errors.md lists the same codes, and a test holds the two together.
 */
export interface Answer {
  readonly status: number
  readonly title: string
  readonly words: string
  readonly whatNow: string
  /** For a 503 or 429: when to come back, in seconds, where the moment itself does not tell. */
  readonly retryAfter?: number
}

const TRY_AGAIN_SOON = 'Wait a moment, then send it again: nothing was lost, and nothing will happen twice.'

export const catalogue = {
  // Refusals: expected outcomes of what a person did.
  'email-taken': {
    status: 422,
    title: 'Already registered',
    words: 'This email address is already registered.',
    whatNow: 'Sign in with it, or use another address.',
  },
  'username-taken': {
    status: 422,
    title: 'Username taken',
    words: 'This username is taken.',
    whatNow: 'Choose another, or leave it empty and sign in with your email address.',
  },
  'fields-refused': {
    status: 422,
    title: 'Check the form',
    words: 'Some of what was entered cannot be used as it is.',
    whatNow: 'Each field concerned says what it needs.',
  },
  'wrong-credentials': {
    status: 422,
    title: 'Not signed in',
    words: 'That name and password do not belong together.',
    whatNow: 'Check both for typing mistakes, then try again.',
  },
  'wrong-password': {
    status: 422,
    title: 'Password not right',
    words: 'That is not the password of your account.',
    whatNow: 'Check it for typing mistakes, then try again.',
  },
  'address-taken': {
    status: 409,
    title: 'Address in use',
    words: 'This address belongs to another account by now, so nothing was changed.',
    whatNow: 'Sign in with that account, or use another address.',
  },
  'saved-meanwhile': {
    status: 409,
    title: 'Saved by somebody else',
    words: 'Somebody saved this profile while it was open here, so nothing was changed yet.',
    whatNow: 'Choose of each field which value stays, and save once more.',
  },
  'account-suspended': {
    status: 422,
    title: 'Account suspended',
    words: 'This account is suspended.',
    whatNow: 'Please get in touch with us; we can tell you why and what will lift it.',
  },
  'too-many-attempts': {
    status: 429,
    title: 'Too many attempts',
    words: 'There have been too many attempts in a short time.',
    whatNow: 'This protects accounts against guessing. Nothing is lost; please try again later.',
    retryAfter: 60,
  },
  'form-expired': {
    status: 422,
    title: 'Please send it once more',
    words: 'This form was open for too long, or was opened in another browser.',
    whatNow: 'What you typed is still here. Check it and send it once more.',
  },
  'cookies-missing': {
    status: 422,
    title: 'Cookies are needed',
    words: 'Your browser did not send back our cookie, without which we cannot tell that this form is yours.',
    whatNow: 'Allow cookies for this site, then send the form again. What you typed is still here.',
  },
  'code-unusable': {
    status: 410,
    title: 'This link no longer works',
    words: 'The link has been used, has expired, or was replaced by a newer one.',
    whatNow: 'Ask for a new one.',
  },
  'invitation-unusable': {
    status: 410,
    title: 'This link no longer works',
    words: 'The link has been used, has expired, or was replaced by a newer one.',
    whatNow:
      'If you have registered with it already, sign in. Otherwise ask the person who sent it to you for a new one.',
  },

  // Requests that no page of ours makes.
  'cross-origin-request': {
    status: 403,
    title: 'Not from this site',
    words: 'This request was sent by a page of another site, so it was not carried out.',
    whatNow: 'Open the page here and send the form from there.',
  },
  'not-allowed': {
    status: 403,
    title: 'Not for this account',
    words: 'The account that you are signed in with may not see this page.',
    whatNow: 'Go back, or sign in with another account.',
  },
  'not-found': {
    status: 404,
    title: 'Page not found',
    words: 'There is no page at this address.',
    whatNow: 'Check the address for typing mistakes, or start again from the front page.',
  },
  'method-not-allowed': {
    status: 405,
    title: 'Not possible here',
    words: 'This address does not take that kind of request.',
    whatNow: 'Open the page and use the form on it.',
  },
  'malformed-request': {
    status: 400,
    title: 'That could not be read',
    words: 'The request was not in a form that we can read, so nothing was done.',
    whatNow: 'Go back, reload the page, and send it again.',
  },
  'repeated-field': {
    status: 400,
    title: 'That could not be read',
    words: 'The request named a field more than once, so nothing was done.',
    whatNow: 'Go back, reload the page, and send it again.',
  },
  'body-too-large': {
    status: 413,
    title: 'Too much at once',
    words: 'The request was larger than any of our forms can be, so nothing was done.',
    whatNow: 'Shorten what you entered and send it again.',
  },
  'media-type-unsupported': {
    status: 415,
    title: 'That could not be read',
    words: 'The request was of a type that this address does not take.',
    whatNow: 'Send it as the form on the page does.',
  },

  // Faults: nobody's mistake, and every one of them passes.
  'database-unavailable': {
    status: 503,
    title: 'A short interruption',
    words: 'We cannot reach our records at this moment.',
    whatNow: TRY_AGAIN_SOON,
    retryAfter: 5,
  },
  'database-busy': {
    status: 503,
    title: 'A short interruption',
    words: 'Our records took too long to answer.',
    whatNow: TRY_AGAIN_SOON,
    retryAfter: 5,
  },
  'hashing-busy': {
    status: 503,
    title: 'Very busy just now',
    words: 'More people are signing in at this moment than we can serve at once.',
    whatNow: TRY_AGAIN_SOON,
    retryAfter: 5,
  },
  unexpected: {
    status: 500,
    title: 'Something went wrong',
    words: 'Something went wrong on our side, and it has been recorded.',
    whatNow: 'Try once more. If it happens again, write to us and quote the reference below.',
  },

  // Faults at the start: read by an operator, in a terminal.
  'setting-refused': {
    status: 500,
    title: 'A setting cannot be used',
    words: 'A setting has a value that cannot be used.',
    whatNow: 'Correct the setting named above and start again.',
  },
  'database-unreachable': {
    status: 503,
    title: 'No database',
    words: 'The database in DATABASE_URL does not answer.',
    whatNow: 'Check that it runs, that its address, user and password are right, and start again.',
  },
  'schema-missing': {
    status: 500,
    title: 'The database is not ready',
    words: 'The database lacks migrations, and the role in DATABASE_URL may not apply them.',
    whatNow: 'Set DATABASE_OWNER_URL to a role that owns the schema, or run "meridian migrate" with it.',
  },
  'legacy-unreachable': {
    status: 500,
    title: 'The legacy database is out of reach',
    words: 'The legacy database cannot be reached, or does not let this user read it.',
    whatNow: 'Check the address and the user. Reading the tables is all that it has to be allowed.',
  },
  'legacy-not-whole': {
    status: 500,
    title: 'Not a whole Django database',
    words: 'That database is not the whole Django database of the legacy site. Nothing was written.',
    whatNow: 'Mend what is named, or restore the dump anew, and start again.',
  },
  'legacy-not-owned': {
    status: 500,
    title: 'Not the owner of the legacy database',
    words: 'This user may read the legacy database, and not repair it. Nothing was changed.',
    whatNow: 'Name the user that owns its tables, as a rule the one of the Django site.',
  },
  'legacy-busy': {
    status: 503,
    title: 'The legacy database is too busy',
    words: 'The legacy site never left its tables alone for a moment, so the repair gave way. Nothing was changed.',
    whatNow: 'Start it again when fewer people are about, or when a long transaction there has ended.',
  },
  'legacy-lost': {
    status: 503,
    title: 'The legacy database broke off',
    words: 'The connection to the legacy database broke off. What had not come to its end there is undone.',
    whatNow: 'Start the same command again: it finds what is left to do.',
  },
  'legacy-broke-off': {
    status: 500,
    title: 'The legacy database broke off',
    words: 'The connection to the legacy database broke off while it was read. Nothing of that was written.',
    whatNow: 'Start the same command again: it begins anew, or goes on where a run was left.',
  },
  'import-under-way': {
    status: 500,
    title: 'Another import is under way',
    words: 'Another import or its undoing is under way on this database.',
    whatNow: 'Wait until it has ended, then start again.',
  },
  'import-kept-waiting': {
    status: 500,
    title: 'The import is kept waiting',
    words: 'Another transaction on this database holds a name that the import wants, and does not end.',
    whatNow:
      'End what is idle in transaction, as pg_stat_activity shows it, and start the import again: it goes on where it was.',
  },
  'storm-refused': {
    status: 500,
    title: 'Not stormed',
    words: 'This system is not stormed.',
    whatNow:
      'Only what was marked is: "meridian torture mark-staging", with the very origin and database. Nothing was done.',
  },
  'run-unknown': {
    status: 500,
    title: 'No such run',
    words: 'There is no import of that name that could be taken back.',
    whatNow: 'Look at the ids that the import printed, or that "meridian import list" prints.',
  },
  'schema-from-the-future': {
    status: 500,
    title: 'The database is newer than this program',
    words: 'The database has migrations that this version does not know.',
    whatNow: 'Start the version that made them, or a later one. Nothing was changed.',
  },
  'schema-altered': {
    status: 500,
    title: 'A migration has changed',
    words: 'A migration that was applied to this database reads differently now.',
    whatNow: 'Restore its file as it was; a change to the schema belongs in a new migration. Nothing was changed.',
  },
  'embedded-database-failed': {
    status: 500,
    title: 'The embedded database does not start',
    words: 'The embedded PostgreSQL did not start.',
    whatNow:
      'Its own words are in the log file named above. With DATABASE_URL set, another PostgreSQL is used instead.',
  },
} as const satisfies Record<string, Answer>

export type AnswerCode = keyof typeof catalogue

export function answer(code: AnswerCode): Answer {
  return catalogue[code]
}
