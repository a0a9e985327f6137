import type { JSX } from 'preact'
import { renderToString } from 'preact-render-to-string'
import type { Letter } from './letter.ts'

/** Lines of a plain text letter, at most this long (RFC 5322, 2.1.1 asks for 78). */
const LINE = 72

export function asText(letter: Letter, brand: string): string {
  const blocks = [
    letter.heading,
    ...letter.paragraphs,
    ...(letter.action ? [`${letter.action.label}:\n${letter.action.url}`] : []),
    ...letter.remarks,
    `-- \n${brand}`,
  ]
  return `${blocks.map(wrapped).join('\n\n')}\n`
}

/** HTML that mail programs show alike: tables and attributes, light and dark by the reader's own choice. */
export function asHtml(letter: Letter, brand: string): string {
  return `<!doctype html>${renderToString(<LetterDocument letter={letter} brand={brand} />)}`
}

function LetterDocument({ letter, brand }: { letter: Letter; brand: string }): JSX.Element {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="supported-color-schemes" content="light dark" />
        <title>{letter.subject}</title>
        <style>{STYLES}</style>
      </head>
      <body class="paper" style={BODY}>
        <table role="presentation" width="100%" cellPadding="0" cellSpacing="0">
          <tr>
            <td align="center" style="padding: 40px 20px">
              <table role="presentation" width="100%" cellPadding="0" cellSpacing="0" style="max-width: 520px">
                <tr>
                  <td class="ink line" style={BRAND}>
                    {brand}
                  </td>
                </tr>
                <tr>
                  <td style="padding: 36px 0 0">
                    <h1 class="ink" style={HEADING}>
                      {letter.heading}
                    </h1>
                    {letter.paragraphs.map((words) => (
                      <p class="ink" style={PARAGRAPH}>
                        {words}
                      </p>
                    ))}
                    {letter.action ? <ActionLink {...letter.action} /> : null}
                  </td>
                </tr>
                <tr>
                  <td class="line" style="padding: 28px 0 0; border-top: 1px solid #cfd4d0">
                    {letter.remarks.map((words) => (
                      <p class="quiet" style={REMARK}>
                        {words}
                      </p>
                    ))}
                  </td>
                </tr>
              </table>
            </td>
          </tr>
        </table>
      </body>
    </html>
  )
}

function ActionLink({ label, url }: NonNullable<Letter['action']>) {
  return (
    <>
      <p style="margin: 28px 0 20px">
        <a class="button" href={url} style={BUTTON}>
          {label}
        </a>
      </p>
      <p class="quiet" style={`${REMARK}; word-break: break-all; margin-bottom: 36px`}>
        Or open this address:{' '}
        <a class="quiet" href={url} style="color: #4a5560">
          {url}
        </a>
      </p>
    </>
  )
}

const FONT = `font-family: 'Bricolage Grotesque', -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif`
const BODY = 'margin: 0; padding: 0; background: #f3f4f0'
const BRAND = `${FONT}; font-size: 16px; font-weight: 600; color: #0f1a24; padding: 0 0 16px; border-bottom: 2px solid #d1401c`
const HEADING = `${FONT}; font-size: 30px; line-height: 1.15; font-weight: 650; letter-spacing: -0.02em; color: #0f1a24; margin: 0 0 20px`
const PARAGRAPH = `${FONT}; font-size: 17px; line-height: 1.55; color: #0f1a24; margin: 0 0 16px`
const REMARK = `${FONT}; font-size: 14px; line-height: 1.55; color: #4a5560; margin: 0 0 12px`
const BUTTON = `${FONT}; display: inline-block; font-size: 16px; font-weight: 600; color: #f3f4f0; background: #0f1a24; text-decoration: none; padding: 14px 24px; border-radius: 3px`

/** For readers at night; programs that know no media queries keep the light letter, which is legible everywhere. */
const STYLES = `
  @media (prefers-color-scheme: dark) {
    .paper { background: #0b141c !important }
    .ink { color: #f0f1ec !important }
    .quiet { color: #a9b4bd !important }
    .line { border-color: #2a3945 !important }
    .button { background: #f0f1ec !important; color: #0f1a24 !important }
  }`

function wrapped(block: string): string {
  return block.split('\n').map(wrapLine).join('\n')
}

function wrapLine(line: string): string {
  if (/^https?:\/\//.test(line)) return line
  const lines: string[] = ['']
  for (const word of line.split(' ')) {
    const last = lines.at(-1) as string
    if (last !== '' && last.length + 1 + word.length > LINE) lines.push(word)
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return lines.join('\n')
}
