export function showPasswords(): void {
  for (const box of document.querySelectorAll<HTMLElement>('[data-password]')) addReveal(box)
}

function addReveal(box: HTMLElement): void {
  const input = box.querySelector('input')
  const button = box.querySelector<HTMLButtonElement>('[data-reveal]')
  const status = box.querySelector('[data-reveal-status]')
  if (!input || !button || !status) return

  const show = (visible: boolean) => {
    input.type = visible ? 'text' : 'password'
    button.textContent = visible ? 'Hide' : 'Show'
    button.ariaLabel = visible ? 'Hide password' : 'Show password'
  }
  button.hidden = false
  button.addEventListener('click', () => {
    show(input.type === 'password')
    status.textContent = input.type === 'text' ? 'Your password is visible' : 'Your password is hidden'
  })
  // Sent as a password field, so that the browser offers to save it and never remembers it as ordinary text.
  input.form?.addEventListener('submit', () => show(false))
}
