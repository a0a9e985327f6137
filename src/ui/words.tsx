import type { ComponentChildren } from 'preact'

const REFERENCE = /\b(MA-[0-9A-Za-z-]*[0-9A-Za-z])/

/** Sets a reference such as MA-7K2Q apart, so that one can select and quote it. */
export function withReference(words: string): ComponentChildren {
  return words.split(REFERENCE).map((part, index) => (index % 2 === 1 ? <Reference code={part} /> : part))
}

export function Reference({ code }: { code: string }) {
  return <span class="reference">{code}</span>
}

export function capitalised(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}
