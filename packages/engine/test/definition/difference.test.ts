import { expect, test } from 'vitest'
import type { CatalogRows, TaskRow } from '../../src/control/control-store.ts'
import { compareDefinitions, deployChange, rowsAfter } from '../../src/definition/difference.ts'
import { deployed, flowYaml, loadSound, NO_ROWS, PROJECT } from './definition-texts.ts'

const edit = (rows: CatalogRows, change: (task: TaskRow) => Partial<TaskRow>): CatalogRows => ({
  ...rows,
  tasks: rows.tasks.map((task) => ({ ...task, ...change(task) })),
})
const replaceIn = (rows: CatalogRows, from: string, to: string) =>
  edit(rows, (t) => ({ transformationConfig: t.transformationConfig?.replace(from, to) ?? null }))
const compare = (yaml: string, tables: CatalogRows) => compareDefinitions(loadSound([yaml]), tables, true)
const deploy = (yaml: string, tables: CatalogRows, overwrite = false) => {
  const result = deployChange(loadSound([yaml]), tables, { overwrite, complete: true })
  return { ...result, rows: rowsAfter(tables, result.change) }
}
const configOf = (rows: CatalogRows): unknown => JSON.parse(rows.tasks[0]?.transformationConfig ?? '')

const CAPTURE = (buffer: string, nulls: string) =>
  flowYaml({ capture: `{ kind: watermark, position: updated_at, buffer: ${buffer}, nulls: ${nulls} }` })

test('a second deploy of the same YAML writes nothing', () => {
  const { change, written, kept } = deploy(flowYaml(), deployed([flowYaml()]))
  expect({ change, written, kept }).toEqual({
    change: { connections: [], modules: [], tasks: [] },
    written: [],
    kept: [],
  })
})

test('order of keys, short kinds and empty parts are no difference', () => {
  const tables = deployed([flowYaml({ capture: 'backfill' })])
  const yaml = flowYaml({ apply: '{ kind: latest }', capture: '{ kind: backfill }', columns: '{ rename: {} }' })
  expect(compareDefinitions(loadSound([yaml]), tables, true)).toMatchObject({ undeployed: [], editedByHand: [] })
})

test('a field that only the YAML changed is undeployed, with its old and new text', () => {
  const { undeployed, editedByHand } = compare(CAPTURE('5m', 'always'), deployed([CAPTURE('4h', 'fail')]))
  expect(editedByHand).toEqual([])
  expect(undeployed).toEqual([
    {
      subject: 'task shop.orders',
      kind: 'changed',
      fields: [
        { path: 'capture.buffer', from: '4h', to: '5m' },
        { path: 'capture.nulls', from: 'fail', to: 'always' },
      ],
    },
  ])
})

test('a field edited by hand stays, while other fields of the YAML are deployed', () => {
  const tables = replaceIn(deployed([CAPTURE('4h', 'fail')]), '"4h"', '"9h"')
  expect(compare(CAPTURE('4h', 'fail'), tables)).toEqual({
    undeployed: [],
    editedByHand: [
      { subject: 'task shop.orders', kind: 'changed', fields: [{ path: 'capture.buffer', from: '4h', to: '9h' }] },
    ],
  })
  const { rows, written, kept } = deploy(CAPTURE('4h', 'always'), tables)
  expect(written.map((d) => d.fields.map((f) => f.path))).toEqual([['capture.nulls']])
  expect(kept.map((d) => d.fields.map((f) => f.path))).toEqual([['capture.buffer']])
  expect(configOf(rows)).toMatchObject({ capture: { buffer: '9h', nulls: 'always' } })
  expect(compare(CAPTURE('4h', 'always'), rows).editedByHand).toHaveLength(1)
})

test('a field changed on both sides is kept as edited, unless overwritten', () => {
  const tables = replaceIn(deployed([CAPTURE('4h', 'fail')]), '"4h"', '"9h"')
  const yaml = CAPTURE('5m', 'fail')
  expect(compare(yaml, tables)).toMatchObject({
    undeployed: [],
    editedByHand: [{ fields: [{ path: 'capture.buffer', from: '5m', to: '9h' }] }],
  })
  expect(configOf(deploy(yaml, tables).rows)).toMatchObject({ capture: { buffer: '9h' } })
  const { rows, written } = deploy(yaml, tables, true)
  expect(written).toMatchObject([{ fields: [{ path: 'capture.buffer', from: '9h', to: '5m' }] }])
  expect(configOf(rows)).toMatchObject({ capture: { buffer: '5m' } })
})

test('fields added and removed by hand stay added and removed', () => {
  const tables = replaceIn(
    deployed([CAPTURE('4h', 'fail')]),
    '"buffer":"4h","nulls":"fail"',
    '"nulls":"fail","max_hold":"2h"',
  )
  const { rows } = deploy(
    flowYaml({ capture: '{ kind: watermark, position: updated_at, buffer: 4h, nulls: always }' }),
    tables,
  )
  expect(configOf(rows)).toMatchObject({
    capture: { kind: 'watermark', position: 'updated_at', nulls: 'always', max_hold: '2h' },
  })
  expect(JSON.stringify(configOf(rows))).not.toContain('buffer')
})

test('an edit by hand that the YAML catches up with is an edit no longer', () => {
  const tables = replaceIn(deployed([CAPTURE('4h', 'fail')]), '"4h"', '"9h"')
  const caughtUp = deploy(CAPTURE('9h', 'fail'), tables)
  expect([caughtUp.written, caughtUp.kept]).toEqual([[], []])
  expect(compare(CAPTURE('7h', 'fail'), caughtUp.rows)).toMatchObject({
    undeployed: [{ fields: [{ path: 'capture.buffer' }] }],
    editedByHand: [],
  })
})

test('options of one kind are never mixed with those of another', () => {
  const tables = replaceIn(deployed([CAPTURE('4h', 'fail')]), '"4h"', '"9h"')
  const { rows, kept } = deploy(flowYaml({ capture: 'backfill' }), tables)
  expect(kept).toMatchObject([{ fields: [{ path: 'capture' }] }])
  expect(configOf(rows)).toMatchObject({ capture: { kind: 'watermark', buffer: '9h' } })
  expect(configOf(deploy(flowYaml({ capture: 'backfill' }), tables, true).rows)).toMatchObject({ capture: 'backfill' })
})

test('another type is another task, taken or kept whole', () => {
  const yaml = 'module: shop\ntasks: [{ id: orders, order: 1, type: sql, config: { sql: x } }]\n'
  const tables = deployed([flowYaml()])
  expect(deploy(yaml, tables).rows.tasks[0]).toMatchObject({
    type: 'sql',
    sourceConfig: null,
    transformationConfig: '{"sql":"x"}',
  })
  const edited = edit(tables, () => ({ executionOrder: 7 }))
  expect(deploy(yaml, edited).rows.tasks[0]).toMatchObject({ type: 'flow', executionOrder: 7 })
})

test('a row made by hand is nobody to overwrite unasked', () => {
  const tables = edit(deployed([CAPTURE('9h', 'fail')]), () => ({ deployed: null }))
  expect(compare(CAPTURE('4h', 'fail'), tables)).toMatchObject({
    undeployed: [],
    editedByHand: [{ fields: [{ path: 'capture.buffer' }] }],
  })
})

test('what a column is masked by, or added from, is one value: never half of one and half of another', () => {
  const masked = (mask: string) => flowYaml({ columns: `{ mask: { ssn: ${mask} } }`, on_reject: 'quarantine' })
  const tables = replaceIn(deployed([masked('{ hash: env:A }')]), 'env:A', 'env:B')
  const { rows, kept } = deploy(masked('{ redact: x }'), tables)
  expect(kept).toMatchObject([{ fields: [{ path: 'columns.mask.ssn', from: '{ redact: x }', to: '{ hash: env:B }' }] }])
  expect(configOf(rows)).toMatchObject({ columns: { mask: { ssn: { hash: 'env:B' } } } })
  expect(configOf(deploy(masked('{ redact: x }'), tables, true).rows)).toMatchObject({
    columns: { mask: { ssn: { redact: 'x' } } },
  })
  expect(compare(masked('{ hash: env:A }').replace('quarantine', '{ kind: quarantine }'), tables).undeployed).toEqual(
    [],
  )
})

test('a literal key of a mask is not told in a difference', () => {
  const yaml = flowYaml({ columns: '{ mask: { ssn: { hash: env:A } } }' })
  const tables = replaceIn(deployed([yaml]), 'env:A', 'gehe1m')
  const told = compare(yaml, tables)
  expect(told.editedByHand).toMatchObject([{ fields: [{ path: 'columns.mask.ssn' }] }])
  expect(JSON.stringify(told)).not.toContain('gehe1m')
})

// ── on and off

const withActive = (active: string | null) =>
  active === null ? flowYaml() : flowYaml().replace('    order: 1', `    order: 1\n    active: ${active}`)
const isActive = (rows: CatalogRows) => rows.tasks[0]?.isActive

test('deploy never switches on what a person switched off', () => {
  const off = edit(deployed([withActive(null)]), () => ({ isActive: false }))
  for (const yaml of [withActive(null), withActive('true'), CAPTURE('5m', 'fail')]) {
    for (const overwrite of [false, true]) expect(isActive(deploy(yaml, off, overwrite).rows)).toBe(false)
  }
  expect(compare(withActive('true'), off).editedByHand).toMatchObject([
    { fields: [{ path: 'active', from: 'true', to: 'false' }] },
  ])
})

test('a person who switched off is not forgotten because the YAML agreed for a while', () => {
  const off = edit(deployed([withActive(null)]), () => ({ isActive: false }))
  const agreed = deploy(withActive('false'), off).rows
  expect(isActive(deploy(withActive('true'), agreed).rows)).toBe(false)
})

test('what the YAML switched off it may switch on again, by saying so', () => {
  const off = deployed([withActive('false')], deployed([withActive(null)]))
  expect(isActive(off)).toBe(false)
  expect(isActive(deploy(withActive(null), off).rows)).toBe(false)
  expect(isActive(deploy(withActive('true'), off).rows)).toBe(true)
})

test('what a person switched on is not switched off by YAML that did not change', () => {
  const on = edit(deployed([withActive('false')]), () => ({ isActive: true }))
  expect(isActive(deploy(withActive('false'), on).rows)).toBe(true)
  expect(isActive(deploy(withActive('false'), on, true).rows)).toBe(false)
})

test('a module that was switched off stays off, whatever its YAML says', () => {
  const tables = deployed([flowYaml()])
  const off = { ...tables, modules: tables.modules.map((m) => ({ ...m, isActive: false })) }
  const { rows } = deploy(flowYaml().replace('tasks:', 'description: new\nactive: true\ntasks:'), off)
  expect(rows.modules).toMatchObject([{ id: 'shop', description: 'new', schedule: null, isActive: false }])
})

// ── connections, modules, absent tasks

test('connections and modules that only the YAML changed are undeployed', () => {
  const tables = deployed([flowYaml()])
  const yaml = loadSound(
    [flowYaml().replace('tasks:', 'schedule: { cron: "0 2 * * SUN" }\ntasks:')],
    PROJECT.replace('path: lake.duckdb', 'path: sea.duckdb'),
  )
  expect(compareDefinitions(yaml, tables, true).undeployed).toEqual([
    { subject: 'connection lake', kind: 'changed', fields: [{ path: 'path', from: 'lake.duckdb', to: 'sea.duckdb' }] },
    {
      subject: 'module shop',
      kind: 'changed',
      fields: [{ path: 'schedule', from: null, to: '{ cron: 0 2 * * SUN }' }],
    },
  ])
})

test('a literal secret in a row is not told in a difference', () => {
  const yaml = loadSound([], 'project: p\nconnections: { c: { kind: databricks, password: env:PW } }\n')
  const tables = {
    ...NO_ROWS,
    connections: [{ id: 'c', kind: 'databricks', options: '{"password":"gehe1m"}', deployed: null }],
  }
  expect(JSON.stringify(compareDefinitions(yaml, tables, true))).not.toContain('gehe1m')
})

test('what the YAML no longer has is said while it still runs, and never deleted', () => {
  const two = 'module: b\ntasks: [{ id: x, type: sql }]\n'
  const tables = deployed([flowYaml(), two])
  expect(compare(flowYaml(), tables)).toEqual({
    undeployed: [],
    editedByHand: [{ subject: 'task b.x', kind: 'absent', fields: [] }],
  })
  expect(compareDefinitions(loadSound([flowYaml()]), tables, false).editedByHand).toEqual([])
  expect(deploy(flowYaml(), tables).rows.tasks).toHaveLength(2)
  expect(
    compare(
      flowYaml(),
      edit(tables, (t) => ({ isActive: t.module !== 'b' })),
    ).editedByHand,
  ).toEqual([])
  expect(
    compare(
      flowYaml(),
      edit(tables, (t) => (t.module === 'b' ? { deployed: null } : {})),
    ).editedByHand,
  ).toEqual([])
})
