import { expect, test } from 'vitest'
import { deviceInWords } from './device.ts'

const MOZILLA = 'Mozilla/5.0'
const WEBKIT = 'AppleWebKit/537.36 (KHTML, like Gecko)'

test.each([
  ['Firefox on Windows', `${MOZILLA} (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0`],
  ['Firefox on Android', `${MOZILLA} (Android 14; Mobile; rv:132.0) Gecko/132.0 Firefox/132.0`],
  ['Chrome on macOS', `${MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) ${WEBKIT} Chrome/131.0.0.0 Safari/537.36`],
  ['Chrome on Android', `${MOZILLA} (Linux; Android 10; K) ${WEBKIT} Chrome/131.0.0.0 Mobile Safari/537.36`],
  ['Chrome on ChromeOS', `${MOZILLA} (X11; CrOS x86_64 14541.0.0) ${WEBKIT} Chrome/131.0.0.0 Safari/537.36`],
  [
    'Edge on Windows',
    `${MOZILLA} (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0`,
  ],
  ['Opera on Linux', `${MOZILLA} (X11; Linux x86_64) ${WEBKIT} Chrome/129.0.0.0 Safari/537.36 OPR/115.0.0.0`],
  [
    'Samsung Internet on Android',
    `${MOZILLA} (Linux; Android 14; SM-S921B) ${WEBKIT} SamsungBrowser/26.0 Chrome/122.0.0.0 Mobile Safari/537.36`,
  ],
  [
    'Safari on an iPhone',
    `${MOZILLA} (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1`,
  ],
  [
    'Chrome on an iPad',
    `${MOZILLA} (iPad; CPU OS 17_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/131.0.0.0 Mobile/15E148 Safari/604.1`,
  ],
  [
    'Safari on macOS',
    `${MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15`,
  ],
  [
    'An unknown browser on an iPhone',
    `${MOZILLA} (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148`,
  ],
  ['Firefox on an unknown system', 'Firefox/1.0'],
  ['An unknown device', 'curl/8.5.0'],
  ['An unknown device', ''],
  ['An unknown device', null],
])('%s is recognised', (words, userAgent) => {
  expect(deviceInWords(userAgent)).toBe(words)
})

test('what a client says of itself is never repeated', () => {
  expect(deviceInWords('Your account is locked, call 555-0100 Firefox/1 <script> Windows')).toBe('Firefox on Windows')
})
