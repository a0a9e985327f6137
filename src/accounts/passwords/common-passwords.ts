import { dictionary } from '@zxcvbn-ts/language-common'

const common = new Set(dictionary['passwords-common'])

/** Whether this is one of the passwords that many people use, in whatever case. */
export function isCommon(password: string): boolean {
  return common.has(password.toLowerCase())
}
