import { named, sql } from '../../database/sql.ts'
import { sendingAgain, type Database, type Queryable } from '../../database/database.ts'
import { fingerprint, receiptInsert, wasCarriedOut, type Submission } from './receipts.ts'

/** An act of one person on the account of another. */
export interface ActOnAccount {
  /** Which act, so that the same words in another form are another. */
  act: string
  accountId: string
  /** The form's own token: the same act is wanted anew from a form that was opened anew. */
  form: string
  submission: Submission
}

/**
 * Carries an act out once for each form, however often it is sent: the account's row puts two clicks in line, and the
 * receipt tells the second one that there was a first. `work` gives false for what it could not do. True when it was done,
 * now or before.
 */
export function oncePerForm(
  database: Database,
  { act, accountId, form, submission }: ActOnAccount,
  work: (within: Queryable) => Promise<boolean>,
): Promise<boolean> {
  const print = fingerprint(submission, `${act} on ${accountId} by ${form}`)
  return sendingAgain(() =>
    database.transaction(async (within) => {
      await within.rows(named('account-lock', sql`select from accounts where id = ${accountId} for update`))
      if (await wasCarriedOut(within, print)) return true
      if (!(await work(within))) return false
      await within.rows(
        named('act-receipt', receiptInsert(print, sql`(select ${accountId}::uuid as account_id) as one`)),
      )
      return true
    }),
  )
}
