import type { ComponentChildren, JSX } from 'preact'
import { withReference } from './words.tsx'

export interface FormState {
  values: Readonly<Record<string, string>>
  errors: readonly FormError[]
  /** Binds the form to the browser that fetched it, and makes sending it twice harmless. */
  token: string
}

export interface FormError {
  /** Null concerns the form as a whole. */
  field: string | null
  words: string
  links?: readonly ErrorLink[]
}

export interface ErrorLink {
  href: string
  words: string
}

export interface FormProps {
  state: FormState
  action: string
  title?: string
  /** What to know before filling it in. */
  lead?: ComponentChildren
  submit: string
  /** What the button says while the form is under way. */
  working: string
  /** What stands beneath the button. */
  after?: ComponentChildren
  children?: ComponentChildren
}

export function titleFor(title: string, state: FormState): string {
  return state.errors.length > 0 ? `Error: ${title}` : title
}

export function Form({ state, action, title, lead, submit, working, after, children }: FormProps): JSX.Element {
  return (
    <div class="form">
      <ErrorSummary state={state} />
      {title ? <h1>{title}</h1> : null}
      {lead ? <div class="lead">{lead}</div> : null}
      <form method="post" action={action} novalidate data-form>
        <input type="hidden" name="submission" value={state.token} />
        {children ? <div class="fields">{children}</div> : null}
        <button class="button button-primary button-submit" type="submit" data-working={working}>
          {submit}
        </button>
      </form>
      {after ? <div class="form-after">{after}</div> : null}
    </div>
  )
}

function ErrorSummary({ state }: { state: FormState }) {
  if (state.errors.length === 0) return null
  return (
    <div
      class="error-summary"
      role="alert"
      aria-labelledby="error-summary-title"
      tabindex={-1}
      autofocus
      data-error-summary
    >
      <h2 id="error-summary-title">There is a problem</h2>
      <ul>
        {state.errors.map((error) => (
          <li>
            {error.field ? <a href={`#${error.field}`}>{error.words}</a> : <span>{withReference(error.words)}</span>}
            <WaysOut error={error} />
          </li>
        ))}
      </ul>
    </div>
  )
}

function WaysOut({ error }: { error: FormError }) {
  if (!error.links?.length) return null
  return (
    <span class="ways-out">
      {error.links.map(({ href, words }) => (
        <a href={href}>{words}</a>
      ))}
    </span>
  )
}

export interface FieldProps {
  state: FormState
  name: string
  label: string
  hint?: ComponentChildren
  type?: 'text' | 'email' | 'tel' | 'date'
  autocomplete: string
  optional?: boolean
  inputMode?: 'text' | 'email' | 'tel' | 'numeric'
  maxLength?: number
  spellcheck?: boolean
  autocapitalize?: 'off' | 'none' | 'words' | 'characters'
  /** Stands inside the box, before what is typed. */
  prefix?: string
  width?: FieldWidth
}

/** Half shares a row with the next field; short is a full row with a small box, for what is short by nature. */
export type FieldWidth = 'full' | 'half' | 'short'

export function Field(props: FieldProps): JSX.Element {
  const { state, name, type = 'text', prefix } = props
  const input = (
    <input
      class="input"
      id={name}
      name={name}
      // Preact types each kind of input apart, and takes no union of them.
      // oxlint-disable-next-line no-unnecessary-type-assertion
      type={type as 'text'}
      value={state.values[name] ?? ''}
      dir={type === 'text' ? 'auto' : undefined}
      autocomplete={props.autocomplete}
      inputMode={props.inputMode}
      maxLength={props.maxLength}
      spellcheck={props.spellcheck ?? false}
      autocapitalize={props.autocapitalize}
      {...described(props)}
    />
  )
  return (
    <FieldFrame {...props}>
      {prefix ? (
        <div class="prefixed">
          <span class="prefix" aria-hidden="true">
            {prefix}
          </span>
          {input}
        </div>
      ) : (
        input
      )}
    </FieldFrame>
  )
}

export interface TextAreaProps {
  state: FormState
  name: string
  label: string
  hint?: ComponentChildren
  optional?: boolean
  rows: number
}

/** For as much as somebody wants to say. */
export function TextArea(props: TextAreaProps): JSX.Element {
  const { state, name, rows } = props
  return (
    <FieldFrame {...props}>
      <textarea class="input" id={name} name={name} rows={rows} dir="auto" autocomplete="off" {...described(props)}>
        {state.values[name] ?? ''}
      </textarea>
    </FieldFrame>
  )
}

export interface PasswordFieldProps {
  state: FormState
  name?: 'password' | 'current_password'
  label: string
  hint?: ComponentChildren
  autocomplete: 'new-password' | 'current-password'
  strength?: { minLength: number; words: readonly string[] }
  /** Stands beneath the box, as the way to a lost password. */
  after?: ComponentChildren
}

/** Never filled in by the server. Script adds a button that shows it, and the meter. */
export function PasswordField(props: PasswordFieldProps): JSX.Element {
  const { state, name = 'password', label, autocomplete, strength, after } = props
  const hint = props.hint ?? passwordHint(props)
  const frame = { state, name, label, ...(hint ? { hint } : {}) }
  return (
    <FieldFrame {...frame}>
      <div class="password" data-password>
        <input
          class="input"
          id={name}
          name={name}
          type="password"
          autocomplete={autocomplete}
          autocapitalize="none"
          spellcheck={false}
          {...described(frame)}
        />
        <button class="reveal" type="button" aria-controls={name} aria-label="Show password" hidden data-reveal>
          Show
        </button>
        <span class="visually-hidden" role="status" data-reveal-status />
      </div>
      {strength ? <StrengthMeter field={name} {...strength} /> : null}
      {after ? <p class="field-after">{after}</p> : null}
    </FieldFrame>
  )
}

function passwordHint(props: PasswordFieldProps): ComponentChildren {
  const length = props.strength ? `At least ${props.strength.minLength} characters.` : ''
  if (!isLostAgain(props)) return length
  return (
    <>
      {length} <strong>Please type it once more:</strong> a page never carries a password back.
    </>
  )
}

/** The form came back for another reason, and the password box is empty though it was filled in. */
function isLostAgain({ state, name = 'password', autocomplete }: PasswordFieldProps): boolean {
  return autocomplete === 'new-password' && state.errors.length > 0 && errorOf(state, name) === undefined
}

/** Stands in the meter's place until something is typed. */
const GOOD_PASSWORD = 'Three or four unrelated words are strong.'

function StrengthMeter({ field, minLength, words }: { field: string; minLength: number; words: readonly string[] }) {
  return (
    <div class="strength" data-strength={field} data-min-length={minLength} data-known-words={JSON.stringify(words)}>
      <div class="strength-steps" aria-hidden="true">
        {[0, 1, 2, 3, 4].map(() => (
          <span class="strength-step" />
        ))}
      </div>
      <p class="strength-words" aria-live="polite" data-strength-words>
        {GOOD_PASSWORD}
      </p>
    </div>
  )
}

export interface SelectFieldProps {
  state: FormState
  name: string
  label: string
  hint?: ComponentChildren
  autocomplete: string
  optional?: boolean
  options: readonly SelectOption[]
  placeholder?: string
  /** The value that most people want, listed before the others. */
  likely?: string
  width?: FieldWidth
}

export interface SelectOption {
  value: string
  label: string
}

export function SelectField(props: SelectFieldProps): JSX.Element {
  const { state, name, options, placeholder, likely } = props
  const chosen = state.values[name] ?? ''
  const first = options.filter(({ value }) => value === likely)
  const rest = options.filter(({ value }) => value !== likely)
  return (
    <FieldFrame {...props}>
      <div class="select">
        <select class="input" id={name} name={name} autocomplete={props.autocomplete} {...described(props)}>
          {placeholder === undefined ? null : <option value="">{placeholder}</option>}
          {[...first, ...rest].map(({ value, label }) => (
            <option value={value} selected={value === chosen}>
              {label}
            </option>
          ))}
        </select>
      </div>
    </FieldFrame>
  )
}

export interface MoreFieldsProps {
  summary: string
  hint?: string
  open: boolean
  children: ComponentChildren
}

/** Fields that few need, folded away until wanted. */
export function MoreFields({ summary, hint, open, children }: MoreFieldsProps): JSX.Element {
  return (
    <details class="more-fields" open={open}>
      <summary>
        <span class="more-fields-title">{summary}</span>
        {hint ? <span class="more-fields-hint">{hint}</span> : null}
      </summary>
      <div class="fields">{children}</div>
    </details>
  )
}

/** Fields that belong together, under a heading of their own. */
export function FieldGroup({ legend, children }: { legend: string; children: ComponentChildren }): JSX.Element {
  return (
    <fieldset class="field-group">
      <legend>{legend}</legend>
      <div class="fields">{children}</div>
    </fieldset>
  )
}

/** Whether any of these fields holds something or has something amiss, and so must not be folded away. */
export function anyTouched(state: FormState, names: readonly string[]): boolean {
  return names.some((name) => Boolean(state.values[name]) || errorOf(state, name) !== undefined)
}

interface Described {
  state: FormState
  name: string
  hint?: ComponentChildren
}

interface FieldFrameProps extends Described {
  label: string
  optional?: boolean
  width?: FieldWidth
  children: ComponentChildren
}

/** Label, hint, error, box: in this order, for the eye and for the ear. */
function FieldFrame({ state, name, label, hint, optional, width = 'full', children }: FieldFrameProps) {
  const error = errorOf(state, name)
  return (
    <div class={`field field-${width}${error ? ' field-wrong' : ''}`}>
      <label class="label" for={name}>
        {label}
        {optional ? <span class="optional"> (optional)</span> : null}
      </label>
      {hint ? (
        <div class="hint" id={hintId(name)}>
          {hint}
        </div>
      ) : null}
      {error ? (
        <p class="field-error" id={errorId(name)}>
          <span class="visually-hidden">Error: </span>
          {withReference(error.words)}
          <WaysOut error={error} />
        </p>
      ) : null}
      {children}
    </div>
  )
}

function described({ state, name, hint }: Described): { 'aria-describedby'?: string; 'aria-invalid'?: 'true' } {
  const wrong = errorOf(state, name) !== undefined
  const ids = [...(hint ? [hintId(name)] : []), ...(wrong ? [errorId(name)] : [])]
  return {
    ...(ids.length > 0 ? { 'aria-describedby': ids.join(' ') } : {}),
    ...(wrong ? { 'aria-invalid': 'true' as const } : {}),
  }
}

function errorOf(state: FormState, name: string): FormError | undefined {
  return state.errors.find(({ field }) => field === name)
}

function hintId(name: string): string {
  return `${name}-hint`
}

function errorId(name: string): string {
  return `${name}-error`
}
