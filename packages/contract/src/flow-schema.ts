/** The grammar of a flow. Its input is plain data with the names people write, its output is `FlowSpec` without identity. */
import { z } from 'zod'
import { type CaptureSchemas, LATER_CAPTURES } from './capture-schema.ts'
import { ALL_COLUMNS, columnsSchema } from './columns-schema.ts'
import type {
  ApplySpec,
  ConditionSpec,
  DeleteLimit,
  FlowSpec,
  JoinSpec,
  ShapeSpec,
  SourceSpec,
  TargetSpec,
} from './flow.ts'
import { parseConnectionId } from './ids.ts'
import { deleteLimit, NO_REJECTS, onConflict, onError, onReject, steps } from './policy-schema.ts'
import {
  atLeastOne,
  columnRef,
  id,
  isMap,
  kinded,
  name,
  names,
  parseInside,
  refuse,
  sizeBytes,
  strictMap,
  tableName,
  valueText,
} from './schema-parts.ts'

export type FlowBody = Omit<FlowSpec, 'id' | 'module' | 'task' | 'order' | 'active' | 'version'>

const connection = id.transform(parseConnectionId)

const COMPARISONS = {
  equals: '=',
  not_equals: '<>',
  less_than: '<',
  at_most: '<=',
  greater_than: '>',
  at_least: '>=',
} as const
const TESTS = ['in', 'not_in', ...Object.keys(COMPARISONS), 'is_null']

const valueList = z.array(valueText).min(1, 'is empty: no row, or every row, would be meant')
const otherTable = strictMap({ table: tableName, column: name })
type Membership = { readonly values: readonly string[] } | z.output<typeof otherTable>

const membership = z
  .unknown()
  .transform(
    (value, ctx): Membership =>
      isMap(value) ? parseInside(otherTable, value, ctx) : { values: parseInside(valueList, value, ctx) },
  )

const condition = strictMap({
  column: columnRef,
  in: membership.optional(),
  not_in: membership.optional(),
  equals: valueText.optional(),
  not_equals: valueText.optional(),
  less_than: valueText.optional(),
  at_most: valueText.optional(),
  greater_than: valueText.optional(),
  at_least: valueText.optional(),
  is_null: z.boolean().optional(),
}).transform(({ column, ...given }, ctx): ConditionSpec => {
  const tests = Object.entries(given).filter(([, value]) => value !== undefined)
  if (tests.length === 0) return refuse(ctx, `a condition needs a test: one of ${TESTS.join(', ')}`)
  if (tests.length > 1) {
    const both = tests.map(([key]) => key).join(' and ')
    return refuse(ctx, `a condition has one test, this one has ${both}: write two conditions`)
  }
  const member = given.in ?? given.not_in
  if (member !== undefined) {
    const not = given.in === undefined
    return 'values' in member
      ? { kind: 'in-list', column, values: member.values, not }
      : { kind: 'in-table', column, table: member.table, tableColumn: member.column, not }
  }
  if (given.is_null !== undefined) return { kind: 'null', column, not: !given.is_null }
  for (const [key, operator] of Object.entries(COMPARISONS)) {
    const value = given[key as keyof typeof COMPARISONS]
    if (value !== undefined) return { kind: 'compare', column, operator, value }
  }
  return z.NEVER
})

const join = strictMap({ table: tableName, as: id, on: z.record(z.string(), name) }).transform(
  (given, ctx): JoinSpec => {
    if (Object.keys(given.on).length === 0)
      return refuse(ctx, 'a join needs columns: on: { COLUMN: JOINED_COLUMN }', {}, ['on'])
    return given
  },
)

const source = strictMap({
  connection,
  table: tableName,
  join: z.array(join).optional(),
  where: z.array(condition).optional(),
  replaced: z.enum(['refused', 'expected']).optional(),
}).transform(
  (given): SourceSpec => ({
    connection: given.connection,
    table: given.table,
    joins: given.join ?? [],
    where: given.where ?? [],
    replaced: given.replaced ?? 'refused',
  }),
)

const target = strictMap({
  connection,
  table: tableName,
  create: z.enum(['if_missing', 'never']).optional(),
  emptied: z.enum(['refused', 'expected']).optional(),
}).transform(
  (given): TargetSpec => ({
    connection: given.connection,
    table: given.table,
    create: given.create ?? 'if_missing',
    emptied: given.emptied ?? 'refused',
  }),
)

const key = names
  .min(1, 'is empty: without a key no row can be told from another')
  .refine((columns) => new Set(columns).size === columns.length, 'names a column twice')

const noOptions = strictMap({}).transform(() => null)
const braked = strictMap({ max_delete: deleteLimit.optional() }).transform((given) => given.max_delete ?? null)
const apply = kinded<DeleteLimit | null>(
  'apply',
  {
    'insert-missing': noOptions,
    latest: noOptions,
    replace: braked,
    live: braked,
    forensic: braked,
    none: noOptions,
  },
  [],
).transform(({ kind, value }): ApplySpec => ({ kind: kind as ApplySpec['kind'], maxDelete: value }))

const tree = strictMap({
  locator: name,
  parent: name,
  orphans: z.enum(['fail', 'quarantine', 'skip']).optional(),
}).transform((given, ctx): ShapeSpec => {
  if (given.locator === given.parent) {
    refuse(ctx, 'locator and parent are the same column: every row would be its own parent', { tm: 'TM1019' }, [
      'parent',
    ])
  }
  return { kind: 'tree', locator: given.locator, parent: given.parent, orphans: given.orphans ?? null }
})
const flat = strictMap({}).transform((): ShapeSpec => ({ kind: 'flat' }))
const shape = kinded<ShapeSpec>('shape', { flat, tree }, []).transform(({ value }) => value)

const batch = strictMap({
  rows: atLeastOne('a batch of no rows would never end').optional(),
  bytes: sizeBytes.optional(),
}).transform((given, ctx): FlowSpec['batch'] => {
  if (given.bytes === 0) refuse(ctx, 'must be more than nothing: a batch of no bytes would never end', {}, ['bytes'])
  return { rows: given.rows ?? null, bytes: given.bytes ?? null }
})

const shapeOf = (captures: CaptureSchemas) => ({
  source,
  target,
  key,
  capture: kinded<unknown>('capture', captures, LATER_CAPTURES).transform(({ kind, value }) => ({
    kind,
    options: value,
  })),
  apply: apply.optional(),
  shape: shape.optional(),
  scope: z.record(id, columnRef).optional(),
  exclude_keys: z.record(z.string(), z.array(valueText)).optional(),
  columns: columnsSchema.optional(),
  batch: batch.optional(),
  parallel: atLeastOne('a flow without a worker would never end').optional(),
  steps: steps.optional(),
  drift: z.enum(['fail', 'add', 'ignore']).optional(),
  on_reject: onReject.optional(),
  on_conflict: onConflict.optional(),
  on_error: onError.optional(),
})

/** The keys of a flow, in the order they are written. */
export const FLOW_KEYS: readonly string[] = Object.keys(shapeOf({}))

export const flowSchema = (captures: CaptureSchemas): z.ZodType<FlowBody> =>
  strictMap(shapeOf(captures)).transform(
    (given): FlowBody => ({
      source: given.source,
      target: given.target,
      key: given.key,
      capture: given.capture,
      apply: given.apply ?? { kind: 'latest', maxDelete: null },
      shape: given.shape ?? { kind: 'flat' },
      scope: given.scope ?? {},
      excludeKeys: given.exclude_keys ?? {},
      columns: given.columns ?? ALL_COLUMNS,
      batch: given.batch ?? { rows: null, bytes: null },
      parallel: given.parallel ?? null,
      steps: given.steps ?? {},
      drift: given.drift ?? 'fail',
      onReject: given.on_reject ?? NO_REJECTS,
      onConflict: given.on_conflict ?? 'fail',
      onError: given.on_error ?? [],
    }),
  )
