import { Transform } from 'node:stream'
import type { Cells } from './read-row.ts'

/** Takes the text that COPY sends apart into rows, and hands on what `read` makes of each, as COPY reads it. */
export function rowsThrough(read: (cells: Cells) => Cells, counted: () => void = () => {}): Transform {
  let rest: Buffer = Buffer.alloc(0)
  return new Transform({
    transform(chunk: Buffer, _, done) {
      const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
      const end = bytes.lastIndexOf(NEWLINE) + 1
      rest = bytes.subarray(end)
      if (end === 0) return done()
      const made: string[] = []
      try {
        for (const line of bytes.toString('utf8', 0, end - 1).split('\n')) {
          made.push(lineOf(read(cellsOf(line))))
          counted()
        }
      } catch (error) {
        return done(error as Error)
      }
      done(null, made.join(''))
    },
    flush(done) {
      done(rest.length > 0 ? new Error('the rows ended in the middle of one') : null)
    },
  })
}

const NEWLINE = 0x0a

const escapes: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

function cellsOf(line: string): Cells {
  return line.split('\t').map((cell) => {
    if (!cell.includes('\\')) return cell
    return cell === '\\N' ? null : cell.replace(/\\(.)/g, (_, letter: string) => escapes[letter] ?? letter)
  })
}

const SPECIAL = /[\\\n\r\t]/
const special: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function lineOf(cells: Cells): string {
  let line = ''
  for (const [index, cell] of cells.entries()) {
    if (index > 0) line += '\t'
    if (cell === null) line += '\\N'
    else line += SPECIAL.test(cell) ? cell.replace(/[\\\n\r\t]/g, (letter) => special[letter] as string) : cell
  }
  return `${line}\n`
}
