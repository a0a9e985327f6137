/** What every page knows besides its own errand. */
export interface PageContext {
  brand: string
  assets: Assets
  /** Who is signed in. */
  viewer: Viewer | null
  /** Somebody is signed in, but who could not be found out: offering to sign in would be wrong. */
  viewerUnknown?: boolean
  /** What the last action has to say. */
  notice: Notice | null
  urls: { landing: string; register: string; signIn: string; staffSignIn: string }
}

export interface Assets {
  css: string
  js: string
  font: string | null
}

export interface Viewer {
  name: string
  kind: 'customer' | 'staff'
  homeUrl: string
  profileUrl: string
  signOutUrl: string
  /** The submission token that the header's sign-out form sends along. */
  signOutToken?: string
  /** The parts of the console that this person may open; none for customers. */
  sections: readonly Section[]
}

export interface Section {
  href: string
  label: string
  /** The one that this page belongs to. */
  current: boolean
}

export interface Notice {
  kind: 'success' | 'info' | 'problem'
  words: string
}
