/** The migrated database that every test's own is cloned from. */
export const TEMPLATE = 'meridian_template'
