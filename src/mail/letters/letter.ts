export interface LetterLink {
  label: string
  url: string
}

/** What a letter says, before it has a look. */
export interface Letter {
  subject: string
  heading: string
  paragraphs: readonly string[]
  /** The one thing to do, as a link. */
  action?: LetterLink
  /** Another way, for whom that is not the right one. */
  alternative?: LetterLink
  /** What stands beneath it, smaller: how long the link is good, what to do if one asked for nothing. */
  remarks: readonly string[]
}
