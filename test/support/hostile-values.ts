/** Values that nobody types, percent-encoded as they go into a form or a query. */
type Values = Readonly<Record<string, string>>

/** Bytes that are no text. */
export const UNREADABLE: Values = {
  'a lone high surrogate': '%ED%A0%80',
  'a lone low surrogate': '%ED%B0%80',
  'invalid UTF-8': '%FF%FE',
  'a sequence cut short': '%E2%82',
  'an overlong slash': '%C0%AF',
  'an overlong NUL': '%C0%80',
  'a character beyond Unicode': '%F4%90%80%80',
  'a broken escape': '%zz',
  'a lone percent sign': '100%',
}

/** Text that can be stored or shown nowhere, or is longer than anything that a field takes. */
export const UNSTORABLE: Values = {
  'a NUL byte': 'a%00b',
  'a bidi override': encodeURIComponent('a\u202egpj.exe'),
  'a bidi isolate': encodeURIComponent('a\u2066b'),
  'a terminal escape': encodeURIComponent('\u001b[31mred'),
  'a backspace': 'a%08b',
  'a C1 control': encodeURIComponent('a\u0085b'),
  'a noncharacter': encodeURIComponent('a\uffffb'),
  'ten kilobytes': 'x'.repeat(10_240),
}

/** Ordinary text to us, however it looks: stored and shown as what it is, or refused for what the field asks. */
export const ODD_TEXT: Values = Object.fromEntries(
  Object.entries({
    'an element': '<script>alert(1)</script>',
    'a way out of an attribute': `"><img src=x onerror=alert(1)>`,
    'a template': '{{7*7}}${7*7}<%= 7*7 %>',
    'an SQL statement': `'; drop table accounts; --`,
    'an SQL condition': `' or 1=1 --`,
    'a formula': `=cmd|'/c calc'!A1`,
    'a formula with an @': '@SUM(1+1)',
    'an emoji family': '👩‍👩‍👧‍👦',
    'right-to-left text': 'مرحبا',
    'stacked marks': `Z${'\u0351\u0342'.repeat(8)}`,
    'a lookup': '${jndi:ldap://x/a}',
    'a format string': '%s%n%x',
    'a path': '../../etc/passwd',
    'a literal': 'null',
    'a number': '1e309',
    'a script address': 'javascript:alert(1)',
  }).map(([name, value]) => [name, encodeURIComponent(value)]),
)

/** Where a careless redirect would lead away from the site (ASVS 3.7.2, CVE-2024-56734, CVE-2025-27143). */
export const AWAY: readonly string[] = [
  'https://evil.example',
  'http://evil.example/',
  '//evil.example',
  '///evil.example',
  '////evil.example/%2f..',
  '/\\evil.example',
  '\\\\evil.example',
  '\\/evil.example',
  '/\\/evil.example',
  '/%2f%2fevil.example'.replaceAll('%2f', '/'),
  'https:evil.example',
  'https:/evil.example',
  'https:\\evil.example',
  'evil.example',
  '.evil.example',
  '@evil.example',
  '/\t/evil.example',
  '/\n/evil.example',
  '/\r/evil.example',
  '\t//evil.example',
  ' //evil.example',
  '\u0000//evil.example',
  '/..//evil.example',
  '/.//evil.example',
  '/a/..//evil.example',
  '/./\\evil.example',
  '/\u2028/evil.example',
  '/／evil.example',
  '／／evil.example',
  '//evil。example',
  '//evil%E3%80%82example',
  '//[::1]/evil.example',
  '//evil.example:80',
  '//user@evil.example',
  '/accounts/..//evil.example',
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'java\nscript:alert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:msgbox(1)',
  'file:///etc/passwd',
  'blob:https://evil.example/1',
  'mailto:a@evil.example',
  '/\r\nLocation: https://evil.example',
  '/%0d%0aSet-Cookie:smuggled=1'.replace('%0d%0a', '\r\n'),
]
