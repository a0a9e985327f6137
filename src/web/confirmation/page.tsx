import type { JSX } from 'preact'
import { Form, titleFor } from '../../ui/form.tsx'
import type { FormState } from '../../ui/form.tsx'
import { Layout } from '../../ui/layout.tsx'
import type { PageContext } from '../../ui/page.ts'

interface ConfirmationPageProps {
  page: PageContext
  state: FormState
  action: string
}

/** Opening the link changes nothing, pressing the button does: mail scanners open links. */
export function ConfirmationPage({ page, state, action }: ConfirmationPageProps): JSX.Element {
  const title = 'Confirm your address'
  return (
    <Layout
      page={page}
      title={titleFor(title, state)}
      shape="form"
      aside={<p class="aside-line">One press, and it is yours.</p>}
    >
      <Form
        state={state}
        action={action}
        title={title}
        lead={<p>You opened the link from our letter. Press the button, and we know that the address is yours.</p>}
        submit="This address is mine"
        working="Confirming…"
      />
    </Layout>
  )
}
