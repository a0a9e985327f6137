import { dictionary as common } from '@zxcvbn-ts/language-common'
// Part by part: the package's index would bring surnames and Wikipedia too, twice the size.
import commonWords from '@zxcvbn-ts/language-en/dist/commonWords.json.mjs'
import firstNames from '@zxcvbn-ts/language-en/dist/firstnames.json.mjs'

/**
 * What people choose passwords from, the commonest first, by names that zxcvbn knows: each word of `diceware`, which are in alphabetical
 * order, has one weight to it, and its warnings tell a password from a name by them.
 */
export const wordLists = {
  diceware: common['diceware-common'],
  'passwords-common': common['passwords-common'],
  'commonWords-en': commonWords,
  'firstnames-en': firstNames,
}
