// The one direction of imports, from the top of the house down. docs/decisions/0001 says why.
const floors = [
  ['main', 'serve'],
  ['app'],
  ['web', 'console', 'cli'],
  ['config'],
  ['http'],
  ['ui'],
  ['urls'],
  ['operations'],
  ['flows'],
  ['accounts'],
  ['mail', 'audit', 'limits'],
  ['database'],
  ['answers'],
  ['lib'],
]

const path = (rooms) => `^src/(${rooms.join('|')})(/|\\.tsx?$)`

/** Nobody imports from a floor above their own. */
const downwards = floors.slice(1).map((rooms, index) => ({
  name: `${rooms.join('-or-')}-imports-down-only`,
  severity: 'error',
  from: { path: path(rooms) },
  to: { path: path(floors.slice(0, index + 1).flat()) },
}))

/** Doors never import doors, and flows never one another: what two share sinks a floor. */
const apart = (room) => ({
  name: `${room}-rooms-keep-apart`,
  severity: 'error',
  from: { path: `^src/${room}/([^/]+)/` },
  to: { path: `^src/${room}/`, pathNot: `^src/${room}/$1/` },
})

export default {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    ...downwards,
    ...['flows', 'web', 'console', 'operations'].map(apart),
    { name: 'doors-keep-apart', severity: 'error', from: { path: '^src/(web|console|cli)/' }, to: { path: '^src/(web|console|cli)/', pathNot: '^src/$1/' } },
    { name: 'settings-are-handed-over', severity: 'error', from: { path: '^src/', pathNot: '^src/(main|serve|app|cli/)' }, to: { path: '^src/config' } },
    { name: 'sources-do-without-tests', severity: 'error', from: { path: '^src/', pathNot: '\\.test\\.tsx?$' }, to: { path: '^test/|\\.test\\.tsx?$' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types'] },
  },
}
