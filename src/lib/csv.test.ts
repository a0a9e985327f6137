import { expect, test } from 'vitest'
import { csvLine } from './csv.ts'

test('1.2.10 a cell is text, whatever it begins with and holds', () => {
  expect(csvLine(['Ann', null, 'Löwe "&" Söhne, Ltd', 'two\nlines'])).toBe(
    '"Ann","","Löwe ""&"" Söhne, Ltd","two\nlines"\r\n',
  )
  const formulas = [
    '=1+1',
    '+44',
    '-2',
    '@SUM(A1)',
    '\t=1',
    '\r=1',
    '\n=1',
    ' =1',
    '＝1',
    '＋1',
    '－1',
    '＠x',
    '\u200b=1',
  ]
  for (const cell of formulas) expect(csvLine([cell])).toBe(`"'${cell}"\r\n`)
  expect(csvLine(['a=1', '1-2', 'ann@example.com'])).toBe('"a=1","1-2","ann@example.com"\r\n')
})
