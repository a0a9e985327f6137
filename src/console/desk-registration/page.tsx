import type { JSX } from 'preact'
import { anyTouched, Field, Form, MoreFields, titleFor, type FormState } from '../../ui/form.tsx'
import { Layout } from '../../ui/layout.tsx'
import type { PageContext } from '../../ui/page.ts'
import {
  ADDRESS_FIELDS,
  AddressFields,
  BirthdayField,
  CompanyField,
  NameFields,
  PhoneField,
  type DefaultCountry,
} from '../../ui/personal-fields.tsx'

export interface DeskRegistrationPageProps extends DefaultCountry {
  page: PageContext
  state: FormState
  action: string
}

const TITLE = 'Register a customer'

/** For somebody at the desk or on the phone. There is no password here, and there never will be one that staff know. */
export function DeskRegistrationPage({ page, state, action, defaultCountry }: DeskRegistrationPageProps): JSX.Element {
  return (
    <Layout page={page} title={titleFor(TITLE, state)} shape="console">
      <Form
        state={state}
        action={action}
        title={TITLE}
        lead={
          <p>
            They get a letter with a link, choose their password with it, and are signed in. Have them spell the
            address.
          </p>
        }
        submit="Register and send the link"
        working="Registering…"
      >
        <NameFields state={state} />
        <Field
          state={state}
          name="email"
          label="Email"
          type="email"
          autocomplete="off"
          autocapitalize="none"
          inputMode="email"
        />
        <PhoneField state={state} defaultCountry={defaultCountry} />
        <CompanyField state={state} />
        <MoreFields
          summary="Username, address and date of birth"
          hint="Only what they want on file."
          open={anyTouched(state, ['username', ...ADDRESS_FIELDS, 'date_of_birth'])}
        >
          <Field state={state} name="username" label="Username" optional autocomplete="off" autocapitalize="none" />
          <AddressFields state={state} defaultCountry={defaultCountry} />
          <BirthdayField state={state} />
        </MoreFields>
      </Form>
    </Layout>
  )
}
