/** Long enough that a word is typed whole more often than not. */
const PAUSE_IN_TYPING = 200

/** Shows results as one types, in place of those that are there. Enter, and everything without this, sends the form. */
export function findWhileTyping(): void {
  const form = document.querySelector<HTMLFormElement>('[data-find]')
  const input = form?.querySelector<HTMLInputElement>('[name=typed]')
  const token = form?.querySelector<HTMLInputElement>('[name=submission]')
  const status = form?.querySelector('[data-find-status]')
  if (!form || !input || !token || !status) return

  const original = document.getElementById('results')
  let pause: ReturnType<typeof setTimeout>
  let asking: AbortController | undefined

  const show = (results: HTMLElement | null) => {
    if (results) document.getElementById('results')?.replaceWith(results)
    status.textContent = results?.querySelector('[data-results-words]')?.textContent ?? ''
  }
  const ask = async () => {
    asking?.abort()
    if (input.value.trim() === '') return show(original)
    asking = new AbortController()
    const { signal } = asking
    try {
      const body = new URLSearchParams({ typed: input.value, submission: token.value })
      const answer = await fetch(form.action, { method: 'POST', body, signal, redirect: 'error' })
      if (!answer.ok) return
      const found = new DOMParser().parseFromString(await answer.text(), 'text/html').getElementById('results')
      if (found && !signal.aborted) show(document.importNode(found, true))
    } catch {
      // Away, signed out, or overtaken by the next letter: what is shown stays, and Enter tells more.
    }
  }
  input.addEventListener('input', () => {
    clearTimeout(pause)
    pause = setTimeout(() => void ask(), PAUSE_IN_TYPING)
  })
}
