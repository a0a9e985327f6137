import type { ComponentChildren, JSX } from 'preact'

export interface ButtonLinkProps {
  href: string
  children: ComponentChildren
  kind?: 'primary' | 'secondary'
}

/** A link that starts something, and so looks like the button that it stands for. */
export function ButtonLink({ href, children, kind = 'primary' }: ButtonLinkProps): JSX.Element {
  return (
    <a class={`button button-${kind}`} href={href}>
      {children}
    </a>
  )
}
