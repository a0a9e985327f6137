const ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Whether a text is an id as our pages and commands write them: a UUID (RFC 9562) in lower case. */
export function isId(text: string): boolean {
  return ID.test(text)
}
