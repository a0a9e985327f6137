/** Every address of the site. Links are made from this object and never typed out. */
export const urls = {
  landing: '/',
  customerRegistration: '/accounts/customer/register/',
  registrationSent: '/accounts/customer/register/sent/',
  registrationLink: '/accounts/customer/register/confirm/',
  customerSignIn: '/accounts/customer/login/',
  customerSignOut: '/accounts/customer/logout/',
  customerProfile: '/accounts/customer/profile/',
  staffSignIn: '/accounts/login/',
  staffSignOut: '/accounts/logout/',
  staffProfile: '/accounts/profile/',
  confirmation: '/accounts/confirm/',
  confirmationRequest: '/accounts/confirm/again/',
  recovery: '/accounts/recover/',
  recoverySent: '/accounts/recover/sent/',
  newPassword: '/accounts/recover/new-password/',
  sessions: '/accounts/sessions/',
  reauthentication: '/accounts/again/',
  passwordChange: '/accounts/password/',
  emailChange: '/accounts/email/',
  emailConfirmation: '/accounts/email/confirm/',
  emailReversal: '/accounts/email/take-back/',
  ownData: '/accounts/data/',
  accountClosing: '/accounts/close/',
  accountKeeping: '/accounts/close/keep/',
  staffRegistration: '/accounts/staff/register/',
  console: '/dashboard/',
  customers: '/dashboard/customers/',
  customersFound: '/dashboard/customers/found/',
  customersDownload: '/dashboard/customers/download/',
  verdict: '/dashboard/verdict/',
  signInHelp: '/dashboard/people/',
  person: '/dashboard/people/:id/',
  personDetails: '/dashboard/people/:id/details/',
  personName: '/dashboard/people/:id/name/',
  personAttempts: '/dashboard/people/:id/attempts/',
  personRecovery: '/dashboard/people/:id/recovery/',
  personRegistration: '/dashboard/people/:id/registration/',
  personReopening: '/dashboard/people/:id/reopening/',
  personRestoration: '/dashboard/people/:id/restoration/',
  personSessions: '/dashboard/people/:id/sessions/',
  personSuspension: '/dashboard/people/:id/suspension/',
  assets: '/assets/',
  alive: '/healthz',
  ready: '/readyz',
  metrics: '/metrics',
} as const

/** The address of one row's page, from the pattern that stands above. */
export function urlOf(pattern: `${string}/:id/${string}`, id: string): string {
  return pattern.replace(':id', encodeURIComponent(id))
}

/** Where the links in letters lead, by what their code is for; the last two need none. */
export const codePaths = {
  confirmation: urls.confirmation,
  recovery: urls.newPassword,
  registration: urls.registrationLink,
  'email-change': urls.emailConfirmation,
  'email-revert': urls.emailReversal,
  signIn: urls.customerSignIn,
  forgotten: urls.recovery,
} as const
