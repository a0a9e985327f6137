/**
 * Where a sign-in may lead to: a path of this site, or the fallback. Whatever a browser could read as another host
 * (`//host`, `/\host`, a scheme, a control character) is not one.
 */
export function safeNext(next: string | undefined, publicUrl: string, fallback: string): string {
  // oxlint-disable-next-line no-control-regex
  if (next === undefined || !/^\/(?![/\\])[^\\\u0000-\u0020\u007f-\uffff]*$/.test(next)) return fallback
  const url = URL.parse(next, publicUrl)
  return url?.origin === publicUrl && !url.pathname.startsWith('//') ? url.pathname + url.search : fallback
}
