// Comfort only: every page works without this file.
import { focusErrorSummary } from './error-summary.ts'
import { findWhileTyping } from './find.ts'
import { showPasswords } from './show-password.ts'
import { measureStrength } from './strength-meter.ts'
import { announceSubmits } from './submit.ts'

focusErrorSummary()
showPasswords()
measureStrength()
announceSubmits()
findWhileTyping()
