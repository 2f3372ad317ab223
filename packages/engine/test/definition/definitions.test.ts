import { CAPTURE_SCHEMAS } from '@tidemark/contract/capture-schema'
import { expect, test } from 'vitest'
import type { CatalogRows, TaskRow } from '../../src/control/control-store.ts'
import { problemsError } from '../../src/definition/problem.ts'
import { resolveCatalog } from '../../src/definition/resolve.ts'
import { deployed, flowYaml, load, loadSound, NO_ROWS, PROJECT, problemText } from './definition-texts.ts'

const resolve = (rows: CatalogRows) => resolveCatalog(rows, CAPTURE_SCHEMAS)
const onlyFlow = (yaml: string, project = PROJECT) => {
  const { flows, problems } = resolve(deployed([yaml], NO_ROWS, project))
  expect(problems).toEqual([])
  return flows[0]
}

test('values keep the text they were written with', () => {
  const values = [
    '0123',
    '1.10',
    '2026-01-01',
    '12345678901234567890',
    '0x1F',
    '1e3',
    'TRUE',
    'true',
    '5',
    '-0',
    '"5"',
    'no',
  ]
  const flow = onlyFlow(
    flowYaml({
      source: `{ connection: shop, table: orders, where: [{ column: a, in: [${values.join(', ')}] }, { column: b, at_least: 1.50 }] }`,
      exclude_keys: `{ order_id: [${values.join(', ')}] }`,
    }),
  )
  const texts = values.map((v) => v.replaceAll('"', ''))
  expect(flow?.source.where[0]).toMatchObject({ values: texts })
  expect(flow?.source.where[1]).toMatchObject({ operator: '>=', value: '1.50' })
  expect(flow?.excludeKeys).toEqual({ order_id: texts })
})

test('JSON of a row keeps the text of numbers that a double cannot hold', () => {
  const rows = deployed([flowYaml()])
  const config = '{"key":["order_id"],"capture":"backfill","exclude_keys":{"order_id":[12345678901234567890,1.10,7]}}'
  const { flows } = resolve(withTask(rows, { transformationConfig: config }))
  expect(flows[0]?.excludeKeys).toEqual({ order_id: ['12345678901234567890', '1.10', '7'] })
})

test('every condition has one meaning', () => {
  const where = [
    'in: [a]', 'not_in: [a]', 'in: { table: other.t, column: c }', 'not_in: { table: t, column: "c.d" }',
    'equals: a', 'not_equals: a', 'less_than: 1', 'at_most: 1', 'greater_than: 1', 'at_least: 1', 'is_null: true', 'is_null: false',
  ].map((test) => `{ column: x, ${test} }`) // biome-ignore format: a table
  const flow = onlyFlow(flowYaml({ source: `{ connection: shop, table: orders, where: [${where.join(', ')}] }` }))
  const column = { table: null, column: 'x' }
  expect(flow?.source.where).toEqual([
    { kind: 'in-list', column, values: ['a'], not: false },
    { kind: 'in-list', column, values: ['a'], not: true },
    { kind: 'in-table', column, table: ['other', 't'], tableColumn: 'c', not: false },
    { kind: 'in-table', column, table: ['t'], tableColumn: 'c.d', not: true },
    { kind: 'compare', column, operator: '=', value: 'a' },
    { kind: 'compare', column, operator: '<>', value: 'a' },
    { kind: 'compare', column, operator: '<', value: '1' },
    { kind: 'compare', column, operator: '<=', value: '1' },
    { kind: 'compare', column, operator: '>', value: '1' },
    { kind: 'compare', column, operator: '>=', value: '1' },
    { kind: 'null', column, not: false },
    { kind: 'null', column, not: true },
  ])
})

test('defaults of project and module lie under each flow, and the nearest wins', () => {
  const project = `${PROJECT}defaults: { batch: { rows: 10, bytes: 1MiB }, capture: { kind: watermark, buffer: 9m, nulls: always }, parallel: 3 }\n`
  const flow = (more: Record<string, string | null>) =>
    onlyFlow(flowYaml(more).replace('tasks:', 'defaults: { batch: { rows: 20 } }\ntasks:'), project)
  expect(flow({})).toMatchObject({
    batch: { rows: 20, bytes: 1_048_576 },
    parallel: 3,
    capture: { kind: 'watermark', options: { buffer: { ms: 540_000 }, nulls: 'always' } },
  })
  expect(flow({ batch: '{ rows: 30 }' })).toMatchObject({ batch: { rows: 30, bytes: 1_048_576 } })
})

test('a capture of another kind takes nothing from the defaults', () => {
  const project = `${PROJECT}defaults: { capture: { kind: watermark, position: m, buffer: 9m } }\n`
  expect(onlyFlow(flowYaml({ capture: 'backfill' }), project)?.capture).toEqual({ kind: 'backfill', options: {} })
  expect(onlyFlow(flowYaml({ capture: 'watermark' }), project)?.capture).toMatchObject({
    options: { buffer: { ms: 540_000 } },
  })
})

test('anchors and merge keys are YAML as ever', () => {
  const yaml = `module: m
tasks:
  - id: a
    flow: &base
      source: { connection: shop, table: a }
      target: { connection: lake, table: a }
      key: [k]
      capture: backfill
  - id: b
    flow: { <<: *base, source: { connection: shop, table: b } }
`
  const { flows } = resolve(deployed([yaml]))
  expect(flows.map((f) => [f.task, f.source.table, f.target.table])).toEqual([
    ['a', ['a'], ['a']],
    ['b', ['b'], ['a']],
  ])
})

test('what lies under other types is kept as it is', () => {
  const yaml =
    'module: m\ntasks: [{ id: r, order: 3, type: sql_query, config: { connection: lake, sql: "ANALYZE" } }, { id: n, type: notebook }]\n'
  expect(loadSound([yaml]).tasks).toMatchObject([
    {
      id: 'r',
      executionOrder: 3,
      type: 'sql_query',
      sourceConfig: null,
      targetConfig: null,
      transformationConfig: '{"connection":"lake","sql":"ANALYZE"}',
    },
    { id: 'n', executionOrder: 1, type: 'notebook', transformationConfig: null },
  ])
})

// ── secrets

const SECRET = 'gehe1m'
test.each([
  ['a url', `{ kind: sqlserver, url: "sqlserver://me:${SECRET}@host/db" }`],
  ['a url with a part that is referenced', `{ kind: sqlserver, url: "sqlserver://me:${SECRET}\${env:MORE}@host/db" }`],
  ['a connection string', `{ kind: sqlserver, url: "Server=x;Password=${SECRET};" }`],
  ['a key called password', `{ kind: sqlserver, host: h, database: d, user: u, password: ${SECRET} }`],
  ['a key called access_token', `{ kind: databricks, access_token: ${SECRET} }`],
  ['a key called key', `{ kind: databricks, path: p, key: ${SECRET} }`],
  ['a number', '{ kind: sqlserver, host: h, database: d, user: u, password: 123456 }'],
  ['a block of lines', `\n    kind: databricks\n    private_key: |\n      BEGIN\n      ${SECRET}\n      END`],
])('a literal secret is refused and never repeated: %s', (_, connection) => {
  const text = problemText([], `${PROJECT}  safe: ${connection}\n`)
  expect(text).toMatch(/^TM1015 /)
  expect(text).not.toContain(SECRET)
  expect(text).not.toContain('123456')
})

test('a frame beside a secret, or around text that is no YAML, does not show it either', () => {
  const near = problemText([], `${PROJECT}  safe:\n    kind: databricks\n    password: ${SECRET}\nplatfrom: x\n`)
  expect(near).toMatch(/TM1012 .*"platfrom"/)
  const broken = problemText([], `project: x\npassword: ${SECRET} [\n\t: ]\n`)
  expect(broken).toMatch(/^TM1010/)
  expect(near + broken).not.toContain(SECRET)
})

test('references and names of columns are no secrets', () => {
  const project = `${PROJECT}  safe: { kind: databricks, url: "https://me:\${env:PW}@host/db", password: env:PW, token: file:token.txt, key: "\${env:K}" }\n`
  expect(
    problemText([flowYaml({ columns: '{ rename: { password: pwd } }', exclude_keys: '{ order_id: [1] }' })], project),
  ).toBe('no problem')
})

test('a literal secret in a row is refused without being shown', () => {
  const rows = {
    ...NO_ROWS,
    connections: [{ id: 'c', kind: 'databricks', options: `{"password":"${SECRET}"}`, deployed: null }],
  }
  const { problems } = resolve(rows)
  expect(problemsError(problems).message).toBe(
    'TM1015 literal secret: the value of "password", in the control tables: connection c, options.password',
  )
})

// ── rows

function withTask(rows: CatalogRows, change: Partial<TaskRow>): CatalogRows {
  return { ...rows, tasks: rows.tasks.map((task) => ({ ...task, ...change })) }
}

test.each<[string, Partial<TaskRow>, string]>([
  [
    'a misspelt key',
    { transformationConfig: '{"key":["k"],"capture":{"kind":"watermark","position":"p","bufer":"4h"}}' },
    'TM1012 unknown key: "bufer" in the control tables: task shop.orders, transformation_config.capture.bufer   did you mean "buffer"?',
  ],
  [
    'no source',
    { sourceConfig: null },
    'TM1011 definition is invalid: source is missing, in the control tables: task shop.orders, transformation_config',
  ],
  [
    'JSON that is none',
    { targetConfig: '{' },
    'TM1011 definition is invalid: is not valid JSON, in the control tables: task shop.orders, target_config',
  ],
  [
    'a key twice',
    { sourceConfig: '{"table":"a","table":"b"}' },
    'TM1011 definition is invalid: has a key twice, in the control tables: task shop.orders, source_config',
  ],
  [
    'source in the wrong column',
    { transformationConfig: '{"source":{},"key":["k"],"capture":"backfill"}' },
    'TM1012 unknown key: "source" in the control tables: task shop.orders, transformation_config.source   it belongs into source_config',
  ],
  [
    'a misspelt connection',
    { targetConfig: '{"connection":"lke","table":"t"}' },
    'TM1013 reference to nothing: connection "lke" is not defined, in the control tables: task shop.orders, target_config.connection   did you mean "lake"?',
  ],
])('a row with %s is told by table, key and field', (_, change, message) => {
  const rows = withTask(deployed([flowYaml()]), change)
  expect(problemsError(resolve(rows).problems).message).toBe(message)
})

test('problems of a flow that is switched off are told apart, and stop nobody', () => {
  const rows = deployed([flowYaml(), 'module: b\ntasks: [{ id: x, type: sql }]\n'])
  const broken = withTask(rows, { sourceConfig: '{}', isActive: false })
  expect(resolve(broken).problems).toEqual([])
  expect(resolve(broken).inactiveProblems.map((p) => p.code)).toEqual(['TM1011', 'TM1011'])
  const moduleOff = {
    ...withTask(rows, { sourceConfig: '{}' }),
    modules: rows.modules.map((m) => ({ ...m, isActive: false })),
  }
  expect(resolve(moduleOff).problems).toEqual([])
})

test('rows with ids that collapse, or are none, are refused', () => {
  const rows = deployed([
    'module: a\ntasks: [{ id: x-y, type: flow, flow: { source: { connection: shop, table: t }, target: { connection: lake, table: t }, key: [k], capture: backfill } }]\n',
  ])
  const [task] = rows.tasks
  if (task === undefined) throw new Error('a task was deployed')
  const codes = (id: string) => resolve({ ...rows, tasks: [task, { ...task, id }] }).problems.map((p) => p.code)
  expect(codes('X_Y')).toEqual(['TM1014'])
  expect(codes('no good')).toEqual(['TM1011'])
})

test('connections made by hand and tasks switched off by hand count when YAML is checked', () => {
  const later = '{ kind: watermark, position: m, overlap: 5 }'
  const yaml = flowYaml({ source: '{ connection: made, table: t }', capture: later })
  const tables = withTask(
    {
      ...deployed([flowYaml()]),
      connections: [{ id: 'made', kind: 'duckdb', options: '{"path":"m"}', deployed: null }],
    },
    { isActive: false },
  )
  expect(load([yaml]).problems.map((p) => p.code)).toEqual(['TM1017'])
  expect(load([yaml.replace(', overlap: 5', '')]).problems.map((p) => p.code)).toEqual(['TM1013'])
  expect(load([yaml], PROJECT, tables).problems).toEqual([])
})
