/** `autofocus` does it as a rule. Where it did not, this does, unless the person has already gone elsewhere. */
export function focusErrorSummary(): void {
  if (document.activeElement !== document.body) return
  document.querySelector<HTMLElement>('[data-error-summary]')?.focus()
}
