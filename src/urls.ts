/** Every address of the site. Links are made from this object and never typed out. */
export const urls = {
  landing: '/',
  customerRegistration: '/accounts/customer/register/',
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
  staffRegistration: '/accounts/staff/register/',
  console: '/dashboard/',
  assets: '/assets/',
  alive: '/healthz',
  ready: '/readyz',
  metrics: '/metrics',
} as const

/** Where the links in letters lead, by what their code is for. */
export const codePaths = { confirmation: urls.confirmation, recovery: urls.newPassword } as const
