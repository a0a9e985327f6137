import type { ComponentChildren, JSX } from 'preact'

/** The page's own title, with what to know before reading on. */
export function PageHeading({
  title,
  children,
}: {
  title: ComponentChildren
  children?: ComponentChildren
}): JSX.Element {
  return (
    <div class="page-heading">
      <h1>{title}</h1>
      {children ? <div class="lead">{children}</div> : null}
    </div>
  )
}
