/** What a download says of itself, in both of its forms. */
export const NOTES = [
  'Your password is not in this file: what we hold is a hash, from which it cannot be read back. Nor are the codes of links and sessions, of which we hold hashes alone.',
  'Counters against guessing are kept under hashes too, so that nobody can tell whose they are, and vanish after a day or so. That is why they are not here.',
  'The download itself is recorded in what happened, and shows in the next one.',
] as const
