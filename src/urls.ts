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
  staffRegistration: '/accounts/staff/register/',
  console: '/dashboard/',
  assets: '/assets/',
  alive: '/healthz',
  ready: '/readyz',
  metrics: '/metrics',
} as const
