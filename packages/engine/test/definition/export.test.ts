import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { CatalogRows, TaskRow } from '../../src/control/control-store.ts'
import { canonicalJson, type Json } from '../../src/definition/canonical.ts'
import { compareDefinitions, deployChange } from '../../src/definition/difference.ts'
import { exportYaml } from '../../src/definition/export.ts'
import { deployed, flowYaml, loadSound, PROJECT } from './definition-texts.ts'
import { formatColumnRef, formatTableName } from '@tidemark/contract/table-name'

const odd = fc.oneof(
  fc.constantFrom('a', 'on', 'yes', 'no', 'null', '~', '0123', '1.10', '1e3', 'true', 'TRUE', '<<', '- x', '#x', 'a: b', "it's", '"q"', '*a', '&a', '!t', '2026-01-01', ' lead', 'tab\t', 'two\nlines\n', '{', 'é', '%x', '@x', '12345678901234567890'),
  fc.string({ minLength: 1, maxLength: 12 }),
  fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme' }),
).filter((text) => text !== '__proto__' && !text.includes('\0')) // biome-ignore format: a table

const table = fc.array(odd, { minLength: 1, maxLength: 3 }).map(formatTableName)
const ref = odd.map((column) => formatColumnRef({ table: null, column }))
const value = fc.oneof(odd, fc.integer(), fc.boolean())
const optional = <T>(arb: fc.Arbitrary<T>) => fc.option(arb, { nil: undefined })
const without = <T extends object>(given: T): T =>
  Object.fromEntries(Object.entries(given).filter(([, v]) => v !== undefined)) as T

const condition = fc.oneof(
  fc.record({ column: ref, in: fc.array(value, { minLength: 1, maxLength: 4 }) }),
  fc.record({ column: ref, not_in: fc.record({ table, column: odd }) }),
  fc.record({ column: ref, equals: value }),
  fc.record({ column: ref, is_null: fc.boolean() }),
)
const capture = fc.oneof(
  fc.constant('backfill'),
  fc.record({
    kind: fc.constant('watermark'),
    position: ref,
    buffer: fc.constantFrom('4h', '90s'),
    nulls: fc.constantFrom('fail', 'always'),
  }),
)
const shape = fc.oneof(
  fc.constant('flat'),
  fc.record({ kind: fc.constant('tree'), locator: odd, parent: odd }).filter((t) => t.locator !== t.parent),
)
/** Distinct from each other and from all other columns. */
const named = (prefix: string, of: fc.Arbitrary<Json>) =>
  optional(
    fc.dictionary(
      odd.map((o) => `${prefix} ${o}`),
      of,
      { maxKeys: 1 },
    ),
  )
const mask = fc.oneof(
  fc.constantFrom<Json>(null, 'null', 'redact', { hash: 'env:K' }, { kind: 'hash', key: 'file:k' }, { kind: 'redact' }),
  value.map((text): Json => ({ redact: text })),
)
const added = fc.oneof(
  ref,
  ref.map((column): Json => ({ column })),
  fc.option(value).map((text): Json => ({ value: text })),
)
const columns = fc.record({
  add: named('new', added),
  rename: named(
    'from',
    odd.map((o) => `to ${o}`),
  ),
  cast: named('cast', fc.constantFrom('date', 'decimal(18,4)')),
  mask: named('mask', mask),
})
const policy = fc.record({
  code: fc.constantFrom('TM5001', 'TM50*'),
  step: fc.constant('rows'),
  do: fc.constantFrom('fatal', 'quarantine'),
})
const flow = fc.record({
  source: fc.record({ table, where: optional(fc.array(condition, { minLength: 1, maxLength: 3 })) }),
  target: odd.map((name) => formatTableName([name])),
  key: fc.uniqueArray(odd, { minLength: 1, maxLength: 3 }),
  capture,
  shape: optional(shape),
  columns: optional(columns),
  policies: fc.record({
    drift: optional(fc.constantFrom('fail', 'add', 'ignore')),
    on_reject: fc.constantFrom('quarantine', { kind: 'quarantine' }, { kind: 'quarantine', max: 5 }),
    on_conflict: optional(fc.constantFrom('fail', 'quarantine', 'skip')),
    on_error: optional(fc.array(policy, { maxLength: 3 })),
  }),
  sql: optional(odd),
  scope: optional(fc.dictionary(fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,5}$/), ref, { maxKeys: 2 })),
  excluded: optional(fc.array(value, { maxLength: 3 })),
  batch: optional(fc.record({ rows: fc.integer({ min: 1, max: 10 ** 6 }) })),
})

interface Made {
  readonly content: Pick<TaskRow, 'executionOrder' | 'type' | 'sourceConfig' | 'targetConfig' | 'transformationConfig'>
  readonly isActive: boolean
  readonly handMade: boolean
}
const json = (given: object) => canonicalJson(without(given) as Json)
const flowTask = flow.map((f) => ({
  type: 'flow',
  sourceConfig: json({ connection: 'shop', ...without(f.source) }),
  targetConfig: json({ connection: 'lake', table: `lake.${f.target}` }),
  transformationConfig: json({
    key: f.key, capture: f.capture, apply: 'latest', shape: f.shape, scope: f.scope, batch: f.batch,
    columns: f.columns && without(f.columns), ...f.policies,
    ...(f.shape === undefined || f.shape === 'flat' ? { steps: f.sql === undefined ? {} : { rows: { max_dop: 2, queue: `SELECT '${f.sql.replaceAll("'", "''")}'\nFROM {source}` } } } : { on_error: [] }),
    exclude_keys: f.excluded && f.key[0] !== undefined ? { [f.key[0]]: f.excluded } : undefined,
  }), // biome-ignore format: as in the docs
}))
const otherTask = fc
  .option(
    fc.dictionary(
      odd,
      fc
        .jsonValue({ maxDepth: 2 })
        .filter((v) => !JSON.stringify(v).includes('__proto__')) // refused as a key wherever it stands
        .map((v) => (v ?? 'none') as Json),
      { maxKeys: 3 },
    ),
  )
  .map((config) => ({
    type: 'sql_query',
    sourceConfig: null,
    targetConfig: null,
    transformationConfig: config === null ? null : canonicalJson(config),
  }))
const made: fc.Arbitrary<Made> = fc.record({
  content: fc
    .tuple(fc.oneof({ arbitrary: flowTask, weight: 3 }, { arbitrary: otherTask, weight: 1 }), fc.nat({ max: 50 }))
    .map(([task, executionOrder]) => ({ ...task, executionOrder })),
  isActive: fc.boolean(),
  handMade: fc.boolean(),
})
const modules = fc.array(
  fc.record({
    description: fc.option(odd),
    schedule: fc.constantFrom(null, '{"cron":"0 2 * * SUN","timezone":"UTC"}'),
    isActive: fc.boolean(),
    handMade: fc.boolean(),
    tasks: fc.array(made, { maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 3 },
)

function rowsOf(given: typeof modules extends fc.Arbitrary<infer M> ? M : never): CatalogRows {
  const { connections } = deployed([flowYaml()])
  const tasks = given.flatMap((m, i) =>
    m.tasks.map(({ content, isActive, handMade }, j): TaskRow => {
      const { executionOrder, type, ...configs } = content
      const parsed = [configs.sourceConfig, configs.targetConfig, configs.transformationConfig].map((t) =>
        t === null ? null : (JSON.parse(t) as Json),
      )
      const record = {
        execution_order: executionOrder,
        type,
        source_config: parsed[0],
        target_config: parsed[1],
        transformation_config: parsed[2],
        is_active: isActive,
      }
      return {
        module: `m${i}`,
        id: `t${j}`,
        ...content,
        isActive,
        version: 1,
        updatedAt: '',
        updatedBy: '',
        deployed: handMade ? null : JSON.stringify(record),
      }
    }),
  )
  return {
    connections,
    modules: given.map(({ description, schedule, isActive, handMade }, i) => {
      const record = { description, schedule: schedule && (JSON.parse(schedule) as Json), is_active: isActive }
      return { id: `m${i}`, description, schedule, isActive, deployed: handMade ? null : JSON.stringify(record) }
    }),
    tasks,
  }
}

test('what is exported deploys to nothing to change', () => {
  fc.assert(
    fc.property(modules, (given) => {
      const rows = rowsOf(given)
      const yaml = loadSound([...exportYaml(rows).values()], PROJECT, rows)
      expect(compareDefinitions(yaml, rows, true)).toEqual({ undeployed: [], editedByHand: [] })
      expect(deployChange(yaml, rows, { overwrite: true, complete: true }).written).toEqual([])
    }),
    { numRuns: 100 },
  )
})

test('an export into an empty store brings everything, off stays off', () => {
  fc.assert(
    fc.property(modules, (given) => {
      const rows = rowsOf(given)
      const fresh = deployed([...exportYaml(rows).values()])
      const active = (of: CatalogRows) => [
        of.modules.map((m) => [m.id, m.isActive]),
        of.tasks.map((t) => [t.module, t.id, t.isActive]),
      ]
      expect(active(fresh)).toEqual(active(rows))
      expect(compareDefinitions(loadSound([...exportYaml(rows).values()]), fresh, true)).toEqual({
        undeployed: [],
        editedByHand: [],
      })
    }),
    { numRuns: 100 },
  )
})

test('an export reads like something a person wrote, and stays in the files there are', () => {
  const rows = deployed([
    flowYaml({
      batch: '{ rows: 500 }',
      source: '{ connection: shop, table: "odd name", where: [{ column: a, in: [0123, x] }] }'.replace(
        '"odd name"',
        '\'"odd name"\'',
      ),
    }),
  ])
  expect(exportYaml(rows, new Map([['shop', 'modules/my-shop.yml']]))).toEqual(
    new Map([
      [
        'modules/my-shop.yml',
        `module: shop
tasks:
  - id: orders
    order: 1
    flow:
      source:
        connection: shop
        table: '"odd name"'
        where:
          - { column: a, in: [ "0123", x ] }
      target: { connection: lake, table: orders }
      key: [ order_id ]
      capture: { kind: watermark, position: updated_at }
      apply: latest
      batch: { rows: 500 }
`,
      ],
    ]),
  )
})
