const RESTORED_AFTER = 10_000

/**
 * Says that the form is under way, and nothing more. The button stays alive: sending a form twice is harmless here,
 * while a button that has gone dead strands whoever lost the connection.
 */
export function announceSubmits(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>('[data-form]')) announceSubmit(form)
}

function announceSubmit(form: HTMLFormElement): void {
  const button = form.querySelector<HTMLButtonElement>('[data-working]')
  if (!button) return
  const idle = button.textContent
  let timer: ReturnType<typeof setTimeout>

  const restore = () => {
    clearTimeout(timer)
    button.textContent = idle
    button.ariaBusy = null
  }
  form.addEventListener('submit', () => {
    clearTimeout(timer)
    button.style.minWidth = `${button.offsetWidth}px`
    button.textContent = button.dataset.working ?? idle
    button.ariaBusy = 'true'
    timer = setTimeout(restore, RESTORED_AFTER)
  })
  addEventListener('pageshow', restore)
}
