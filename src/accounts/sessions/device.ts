/** By the mark that only they leave: nearly every browser also calls itself Chrome, Safari or both. */
const browsers: readonly [mark: RegExp, name: string][] = [
  [/\b(?:Edg|EdgA|EdgiOS|Edge)\//, 'Edge'],
  [/\b(?:OPR|OPT|OPiOS)\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bVivaldi\//, 'Vivaldi'],
  [/\bYaBrowser\//, 'Yandex Browser'],
  [/\b(?:DuckDuckGo|Ddg)\//, 'DuckDuckGo'],
  [/\b(?:Firefox|FxiOS)\//, 'Firefox'],
  [/\b(?:Chrome|Chromium|CriOS|HeadlessChrome)\//, 'Chrome'],
  [/\bVersion\/[\d.]+ .*\bSafari\//, 'Safari'],
]

/** In this order, since Android also says Linux, and an iPhone "like Mac OS X". */
const systems: readonly [mark: RegExp, name: string][] = [
  [/\biPhone\b|\biPod\b/, 'an iPhone'],
  [/\biPad\b/, 'an iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bLinux\b|\bX11\b/, 'Linux'],
]

/**
 * A device in words that its person recognises, as "Firefox on Windows". Every word is one of ours: what a client says of
 * itself is never repeated, for it may say anything, and stands in a letter.
 */
export function deviceInWords(userAgent: string | null): string {
  const browser = nameIn(browsers, userAgent)
  const system = nameIn(systems, userAgent)
  if (browser && system) return `${browser} on ${system}`
  if (browser) return `${browser} on an unknown system`
  return system ? `An unknown browser on ${system}` : 'An unknown device'
}

function nameIn(known: readonly [mark: RegExp, name: string][], userAgent: string | null): string | undefined {
  return known.find(([mark]) => userAgent !== null && mark.test(userAgent))?.[1]
}
