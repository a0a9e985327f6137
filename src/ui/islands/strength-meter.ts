type Estimator = typeof import('../../accounts/passwords/strength.ts')

/** What the person says of themselves in the same form is no secret either. */
const TELLING_FIELDS = ['first_name', 'last_name', 'email', 'username', 'company']
const WORDS = ['Very easy to guess', 'Easy to guess', 'Not quite strong enough', 'Strong', 'Very strong']
/** Long enough that a screen reader is not interrupted at every key. */
const PAUSE_IN_TYPING = 250

export function measureStrength(): void {
  for (const meter of document.querySelectorAll<HTMLElement>('[data-strength]')) addMeter(meter)
}

function addMeter(meter: HTMLElement): void {
  const input = document.getElementById(meter.dataset.strength ?? '')
  const words = meter.querySelector('[data-strength-words]')
  if (!(input instanceof HTMLInputElement) || !words) return

  const advice = words.textContent
  const minLength = Number(meter.dataset.minLength)
  const known: string[] = JSON.parse(meter.dataset.knownWords ?? '[]')
  let estimator: Promise<Estimator> | undefined
  // The dictionaries are large: fetched when somebody is about to type, again if the first fetch failed.
  const load = () => (estimator ??= fetchEstimator().catch((error) => ((estimator = undefined), Promise.reject(error))))

  const show = (score: number | null, text: string) => {
    if (score === null) delete meter.dataset.score
    else meter.dataset.score = String(score)
    words.textContent = text
  }
  const measure = async () => {
    const password = input.value
    const missing = minLength - [...password].length
    if (!password) return show(null, advice)
    if (missing > 0) return show(0, `${missing} more character${missing === 1 ? '' : 's'} to go`)
    const { estimateStrength, STRONG_ENOUGH } = await load()
    if (input.value !== password) return
    const { score, warning, suggestions } = estimateStrength(password, [...known, ...told(input.form)])
    const weakness = score < STRONG_ENOUGH ? (warning ?? suggestions[0]) : undefined
    show(score, weakness ? `${WORDS[score]}. ${weakness}` : `${WORDS[score]}`)
  }

  let pause: ReturnType<typeof setTimeout>
  meter.dataset.ready = ''
  input.addEventListener('focus', () => void load().catch(() => undefined))
  input.form?.addEventListener('input', () => {
    clearTimeout(pause)
    pause = setTimeout(() => void measure().catch(() => show(null, '')), PAUSE_IN_TYPING)
  })
}

function fetchEstimator(): Promise<Estimator> {
  return import('../../accounts/passwords/strength.ts')
}

function told(form: HTMLFormElement | null): string[] {
  return TELLING_FIELDS.map((name) => form?.elements.namedItem(name))
    .filter((field) => field instanceof HTMLInputElement)
    .map(({ value }) => value)
}
