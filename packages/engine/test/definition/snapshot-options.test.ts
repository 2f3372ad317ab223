import { CAPTURE_SCHEMAS } from '@tidemark/contract/capture-schema'
import { expect, test } from 'vitest'
import { exportYaml } from '../../src/definition/export.ts'
import { resolveCatalog } from '../../src/definition/resolve.ts'
import { deployed, flowYaml, problemText, PROJECT } from './definition-texts.ts'

const optionsOf = (capture: string, change: Readonly<Record<string, string>> = {}): unknown => {
  const { flows, problems } = resolveCatalog(deployed([flowYaml({ capture, ...change })]), CAPTURE_SCHEMAS)
  expect(problems).toEqual([])
  return flows[0]?.capture.options
}

test('a snapshot that says nothing compares every column by fingerprints, and archives nothing', () => {
  const all = { include: null, exclude: [], normalise: {}, exact: false, keep: null, hot: 'local', archive: null }
  expect(optionsOf('snapshot')).toEqual(all)
  expect(optionsOf('{ kind: snapshot, compare: all }')).toEqual(all)
})

test('what a snapshot compares, normalises and keeps is told as it was written, trimming first', () => {
  expect(
    optionsOf(
      '{ kind: snapshot, compare: { exclude: [seen_at] }, normalise: { name: [empty-is-null, case, trim], price: ["round(2)"] }, exact: true, keep: 5 }',
    ),
  ).toEqual({
    include: null,
    exclude: ['seen_at'],
    normalise: {
      name: [{ kind: 'trim' }, { kind: 'case' }, { kind: 'empty-is-null' }],
      price: [{ kind: 'round', digits: 2 }],
    },
    exact: true,
    keep: 5,
    hot: 'local',
    archive: null,
  })
  expect(optionsOf('{ kind: snapshot, compare: { include: [name, price] } }')).toMatchObject({
    include: ['name', 'price'],
    exclude: [],
  })
})

test('the hot side is beside the project, or in the target as well where the flow says so', () => {
  expect(optionsOf('{ kind: snapshot, hot: target }')).toMatchObject({ hot: 'target' })
  expect(optionsOf('{ kind: snapshot, hot: local }')).toEqual(optionsOf('snapshot'))
})

test('an archive without a connection goes where the variables say', () => {
  expect(optionsOf('{ kind: snapshot, archive: {} }')).toMatchObject({ archive: { connection: null, retainMs: null } })
})

test.each([
  'latest',
  'live',
  '{ kind: live, max_delete: 5% }',
  'forensic',
  '{ kind: forensic, max_delete: 100 }',
  'none',
])('a snapshot may be applied as %s', (apply) => {
  expect(problemText([flowYaml({ capture: 'snapshot', apply })])).toBe('no problem')
})

test('a snapshot survives deploy and export', () => {
  const yaml = flowYaml({
    capture: '{ kind: snapshot, compare: { include: [a] }, normalise: { a: [trim] }, keep: 3, hot: target }',
    apply: 'none',
  })
  const tables = deployed([yaml])
  const text = [...exportYaml(tables, new Map()).values()].join('\n')
  expect(deployed([text])).toEqual(tables)
})

const of = (options: string): string => `{ kind: snapshot, ${options} }`

test.each<[string, Readonly<Record<string, string>>, RegExp]>([
  ['a comparison of something', { capture: of('compare: some') }, /^TM1011 .*must be all, \{ include: \[COLUMN\] \}/],
  ['a comparison that names nothing', { capture: of('compare: {}') }, /^TM1011 .*needs include or exclude/],
  ['an empty list', { capture: of('compare: { include: [] }') }, /^TM1011 .*is empty: leave it out, or name columns/],
  [
    'columns named both ways',
    { capture: of('compare: { include: [a], exclude: [b] }') },
    /^TM1019 .*write one of them/,
  ],
  ['an unknown key', { capture: of('compares: all') }, /^TM1012 .*compares.*did you mean "compare"\?/],
  ['an unknown normalisation', { capture: of('normalise: { a: [trimm] }') }, /^TM1011 .*did you mean "trim"\?/],
  ['rounding to nothing', { capture: of('normalise: { a: [round] }') }, /^TM1011 .*"round" is no normalisation/],
  ['rounding too finely', { capture: of('normalise: { a: ["round(39)"] }') }, /^TM1011 .*"round\(39\)" is no/],
  ['a normalisation twice', { capture: of('normalise: { a: [trim, trim] }') }, /^TM1011 .*trim is named twice/],
  ['no normalisation', { capture: of('normalise: { a: [] }') }, /^TM1011 .*nothing would be done/],
  ['a text that is rounded', { capture: of('normalise: { a: [case, "round(2)"] }') }, /^TM1019 .*no column is both/],
  ['a normalised key', { capture: of('normalise: { order_id: [trim] }') }, /^TM1019 .*which is in the key/],
  [
    'a normalised key that is renamed',
    { capture: of('normalise: { ID: [trim] }'), columns: '{ rename: { order_id: id } }' },
    /^TM1019 .*which is in the key/,
  ],
  [
    'a normalised column that is not compared',
    { capture: of('compare: { include: [a] }, normalise: { b: [trim] }') },
    /^TM1019 .*which is not compared/,
  ],
  ['a key that is not compared', { capture: of('compare: { exclude: [order_id] }') }, /^TM1019 .*which is in the key/],
  ['no snapshot kept', { capture: of('keep: 0') }, /^TM1011 .*must be 1 or more/],
  ['a share of snapshots', { capture: of('keep: 1.5') }, /^TM1011 /],
  ['an exactness that is no switch', { capture: of('exact: sometimes') }, /^TM1011 /],
  ['insert-missing', { capture: 'snapshot', apply: 'insert-missing' }, /^TM1019 .*choose latest or live or forensic/],
  ['no apply without a snapshot', { apply: 'none' }, /^TM1019 .*watermark cannot be applied as none/],
  ['a hot side in the cloud', { capture: of('hot: cloud') }, /^TM1011 .*hot/],
  ['an archive without a mapping', { capture: of('archive: lake') }, /^TM1011 /],
  ['an archive in nothing', { capture: of('archive: { connection: lak }') }, /^TM1013 .*did you mean "lake"\?/],
  ['an archive in a lake', { capture: of('archive: { connection: lake }') }, /^TM1019 .*one of files, s3, postgres/],
  [
    'an archive for no time',
    { capture: of('archive: { connection: lake, retain: 0d }') },
    /^TM1011 .*must be more than nothing/,
  ],
  ['an archive for a number', { capture: of('archive: { connection: lake, retain: 90 }') }, /^TM1011 .*has no unit/],
  ['deletes where none are seen', { apply: 'live' }, /^TM1019 .*capture: watermark cannot be applied as live/],
  [
    'a limit of what deletes nothing',
    { capture: 'snapshot', apply: '{ kind: latest, max_delete: 5 }' },
    /^TM1012 .*max_delete/,
  ],
  [
    'no limit at all',
    { capture: 'snapshot', apply: '{ kind: live, max_delete: most }' },
    /^TM1011 .*must be a share of the rows/,
  ],
  ['a tree', { capture: 'snapshot', shape: '{ kind: tree, locator: l, parent: p }' }, /^TM1017 .*a snapshot of a tree/],
  [
    'SQL of a step',
    { capture: 'snapshot', steps: '{ rows: { batch: "SELECT 1" } }' },
    /TM1019 .*a snapshot takes all rows out by a statement of its own/,
  ],
])('a snapshot refused: %s', (_, change, message) => {
  expect(problemText([flowYaml(change)])).toMatch(message)
})

test('a folder as the target keeps no snapshots', () => {
  const project = PROJECT.replace('{ kind: duckdb, path: lake.duckdb }', '{ kind: files, path: data }')
  const yaml = flowYaml({ capture: of('hot: target'), apply: 'none' })
  expect(problemText([yaml], project)).toMatch(
    /TM1019 .*hot: target, and the target is in connection "lake", which is files: .*duckdb or postgres or sqlserver/,
  )
})

test('where the hot side is, is changed in place', () => {
  const before = deployed([flowYaml({ capture: of('keep: 3') })])
  const after = deployed([flowYaml({ capture: of('keep: 3, hot: target') })], before)
  expect(after.tasks.map(({ version }) => version)).toEqual(before.tasks.map(({ version }) => version + 1))
})
