import type { ComponentChildren, JSX } from 'preact'
import { renderToString } from 'preact-render-to-string'
import type { Letter, LetterLink } from './letter.ts'

/** Lines of a plain text letter, at most this long (RFC 5322, 2.1.1 asks for 78). */
const LINE = 72

export function asText(letter: Letter, brand: string): string {
  const blocks = [
    letter.heading,
    ...letter.paragraphs,
    ...[letter.action, letter.alternative]
      .filter((link) => link !== undefined)
      .map(({ label, url }) => `${label}:\n${url}`),
    ...letter.remarks,
    `-- \n${brand}`,
  ]
  return `${blocks.map(wrapped).join('\n\n')}\n`
}

/**
 * HTML that mail programs show alike: tables, attributes and inline styles for those that know nothing else, a style sheet
 * for the phone and for the night. No picture, no font and no pixel is fetched from anywhere, so that a letter tells
 * nobody that it was opened.
 */
export function asHtml(letter: Letter, brand: string): string {
  return `<!doctype html>${renderToString(<LetterDocument letter={letter} brand={brand} />)}`
}

interface LetterProps {
  letter: Letter
  brand: string
}

function LetterDocument({ letter, brand }: LetterProps): JSX.Element {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="supported-color-schemes" content="light dark" />
        <meta name="format-detection" content="telephone=no, date=no, address=no" />
        <title>{letter.subject}</title>
        <style>{STYLES}</style>
      </head>
      <body class="paper" style={`margin: 0; padding: 0; background-color: ${PAPER}`}>
        <div style={PREVIEW}>{letter.paragraphs[0]}</div>
        <Table class="paper" style={`background-color: ${PAPER}`}>
          <tr>
            <td class="margin" align="center" style="padding: 48px 20px 56px">
              <Table style="max-width: 560px">
                <Head brand={brand} />
                <Sheet letter={letter} />
                <tr>
                  <td class="foot quiet" style={`${REMARK}; padding: 20px 40px 0; margin: 0`}>
                    {brand} never asks for your password in a letter.
                  </td>
                </tr>
              </Table>
            </td>
          </tr>
        </Table>
      </body>
    </html>
  )
}

function Head({ brand }: { brand: string }) {
  return (
    <tr>
      <td class="side" style={`background-color: ${NIGHT}; padding: 24px 40px; border-radius: 3px 3px 0 0`}>
        <table role="presentation" cellPadding="0" cellSpacing="0">
          <tr>
            <td style="line-height: 0" dangerouslySetInnerHTML={{ __html: MERIDIAN }} />
            <td style={`${FONT}; font-size: 17px; line-height: 1.3; font-weight: 600; color: ${NIGHT_INK}`}>{brand}</td>
          </tr>
        </table>
      </td>
    </tr>
  )
}

function Sheet({ letter }: { letter: Letter }) {
  const { heading, paragraphs, action, alternative, remarks } = letter
  return (
    <tr>
      <td class="sheet side" style={SHEET_STYLE}>
        <h1 class="ink" style={HEADING}>
          {heading}
        </h1>
        {paragraphs.map((words) => (
          <p class="ink" style={PARAGRAPH}>
            {words}
          </p>
        ))}
        {action ? <Button {...action} /> : null}
        {alternative ? (
          <p class="ink" style={`${PARAGRAPH}; margin: 20px 0 0`}>
            <a class="ink" href={alternative.url} style={`color: ${INK}`}>
              {alternative.label}
            </a>
          </p>
        ) : null}
        {remarks.length > 0 || carriesCode(action) ? (
          <Table style="margin: 36px 0 0">
            <tr>
              <td class="line" style={`padding: 24px 0 0; border-top: 1px solid ${HAIRLINE}`}>
                {remarks.map((words) => (
                  <p class="quiet" style={REMARK}>
                    {words}
                  </p>
                ))}
                {action && carriesCode(action) ? <WrittenOut url={action.url} /> : null}
              </td>
            </tr>
          </Table>
        ) : null}
      </td>
    </tr>
  )
}

/** A cell with a colour of its own: the one button that every mail program draws. */
function Button({ label, url }: LetterLink) {
  return (
    <table class="wide" role="presentation" cellPadding="0" cellSpacing="0" style="margin: 28px 0 0">
      <tr>
        <td class="button" align="center" style={`background-color: ${INK}; border-radius: 3px`}>
          <a class="button-words" href={url} style={BUTTON}>
            {label}
          </a>
        </td>
      </tr>
    </table>
  )
}

/** For programs that show no buttons, and for people who look where a link leads before they follow it. */
function WrittenOut({ url }: { url: string }) {
  return (
    <p class="quiet" style={REMARK}>
      If the button does nothing, open this address:
      <br />
      <a class="quiet" href={url} style={`color: ${SOFT}; word-break: break-word; overflow-wrap: anywhere`}>
        {url.split(/(?<=[/?=])/).map((part) => (
          <>
            {part}
            <wbr />
          </>
        ))}
      </a>
    </p>
  )
}

function carriesCode(link: LetterLink | undefined): boolean {
  return link !== undefined && new URL(link.url).searchParams.has('code')
}

interface TableProps {
  children: ComponentChildren
  class?: string
  style?: string
}

/** A table that is there for the layout alone, and as wide as it may be. */
function Table({ children, ...attributes }: TableProps) {
  return (
    <table role="presentation" width="100%" cellPadding="0" cellSpacing="0" {...attributes}>
      {children}
    </table>
  )
}

const PAPER = '#f3f4f0'
const SHEET = '#fcfdfa'
const INK = '#0f1a24'
const SOFT = '#4b5660'
const HAIRLINE = '#cfd3ce'
const SIGNAL = '#c4310f'
const NIGHT = '#0f1a24'
const NIGHT_INK = '#edf0ea'
const NIGHT_LINE = '#6f7e89'
const NIGHT_SIGNAL = '#ff6f4d'

const FONT = `font-family: 'Bricolage Grotesque', -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif`
const SHEET_STYLE = `background-color: ${SHEET}; padding: 44px 40px 36px; border-top: 3px solid ${SIGNAL}; border-radius: 0 0 3px 3px`
const HEADING = `${FONT}; font-size: 32px; line-height: 1.15; font-weight: 650; letter-spacing: -0.02em; color: ${INK}; margin: 0 0 20px; word-break: break-word; overflow-wrap: anywhere`
const PARAGRAPH = `${FONT}; font-size: 17px; line-height: 1.55; color: ${INK}; margin: 0 0 14px; word-break: break-word`
const REMARK = `${FONT}; font-size: 14px; line-height: 1.55; color: ${SOFT}; margin: 0 0 10px`
const BUTTON = `${FONT}; display: block; font-size: 17px; line-height: 1.3; font-weight: 600; color: ${SHEET}; text-decoration: none; padding: 15px 28px`

/** What a list of letters shows beside the subject; in the letter itself it stands already. */
const PREVIEW = 'display: none; max-height: 0; overflow: hidden; mso-hide: all'

/** The globe of the pages in two borders, since mail programs draw no SVG. Outlook's, which draws no circles, has the name alone. */
const MERIDIAN = `<!--[if !mso]><!--><span style="display: inline-block; width: 20px; height: 20px; margin-right: 12px; border: 2px solid ${NIGHT_LINE}; border-radius: 50%; text-align: center"><span style="display: inline-block; width: 6px; height: 20px; border: 2px solid ${NIGHT_SIGNAL}; border-width: 0 2px; border-radius: 50%"></span></span><!--<![endif]-->`

/** Programs that know no media queries keep the light letter at its full margins, which is legible everywhere. */
const STYLES = `
  @media (max-width: 560px) {
    .margin { padding: 0 0 40px !important }
    .side { padding-left: 24px !important; padding-right: 24px !important; border-radius: 0 !important }
    .foot { padding-left: 24px !important; padding-right: 24px !important }
    .wide { width: 100% !important }
  }
  @media (prefers-color-scheme: dark) {
    .paper { background-color: #0b141c !important }
    .sheet { background-color: #111d27 !important; border-top-color: #ff7a59 !important }
    .ink { color: #edf0ea !important }
    .quiet { color: #a9b4bb !important }
    .line { border-color: #2f3f4b !important }
    .button { background-color: #edf0ea !important }
    .button-words { color: #0b141c !important }
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
