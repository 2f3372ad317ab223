/** Definition + what the tables look like → the relation that every statement is made from. Pure. */
import type { ColumnRef, FlowSpec, Scope } from '@tidemark/contract/flow'
import { besideName, formatColumnRef, formatTableName } from '@tidemark/contract/table-name'
import type { PositionWish } from '../capture/capture-mode.ts'
import type {
  ColumnFacts,
  FlowRelation,
  PlannedCondition,
  PlannedPosition,
  PlannedTree,
  SourcePort,
  TargetPort,
} from '../dialects/contract.ts'
import type { PlannedColumn } from '../dialects/planned-column.ts'
import { AppError } from '../runtime/app-error.ts'
import { resolveColumns } from './columns.ts'
import { refuseInexact } from './fidelity.ts'
import { type FoundColumn, needColumn, referencedColumn, sameName } from './find-column.ts'
import type { TableShapes } from './flow-facts.ts'
import { rowRules } from './row-rules.ts'

type Source = Pick<SourcePort, 'foldsCase' | 'canBeKey' | 'positionClass' | 'location' | 'logicalTypeOf'>
type Target = Pick<
  TargetPort,
  'narrowing' | 'castNarrowing' | 'textType' | 'holdsText' | 'typeFor' | 'createTableText' | 'location'
>

export interface RelationRequest {
  readonly definition: FlowSpec
  readonly shapes: TableShapes
  readonly scope: Scope
  readonly position: PositionWish | null
  readonly source: Source
  readonly target: Target
}

export interface ResolvedRelation {
  readonly relation: FlowRelation
  /** new in the source and not moved, as `name TYPE` */
  readonly leftOut: readonly string[]
}

/** The column behind a reference, in the main table or a joined one. */
export const referenced = (r: Pick<RelationRequest, 'shapes' | 'source'>, ref: ColumnRef, role: string): FoundColumn =>
  referencedColumn(r.shapes, r.source.foldsCase, ref, role)

export function resolveRelation(r: RelationRequest): ResolvedRelation {
  const { definition: d, shapes } = r
  if (
    r.source.location === r.target.location &&
    sameName(r.source.foldsCase, formatTableName(d.source.table), formatTableName(d.target.table))
  )
    throw new AppError(
      'TM1019',
      `${d.id}: source and target are one table, ${formatTableName(d.source.table)} on ${r.target.location}`,
    )
  const { columns, adds, leftOut } = resolveColumns(r)
  const lacked = (from: string, to: string): string | null =>
    from === to ? (shapes.lackedTypes.get(to) ?? null) : null
  refuseInexact(columns, d, {
    narrowing: (from, to) => r.target.narrowing(from, to) ?? lacked(from, to),
    castNarrowing: (cast, to) => r.target.castNarrowing(cast, to) ?? lacked(cast, to),
  })
  const key = d.key.map((name) => keyColumn(r, columns, name))
  const keepsVersions = d.apply.kind === 'forensic'
  const relation: FlowRelation = {
    source: {
      table: d.source.table,
      joins: d.source.joins.map((j) => ({ ...j, on: joinColumns(r, j.as, j.on) })),
      known: shapes.source.columns.map((c) => c.name),
    },
    target: {
      table: d.target.table,
      beside: d.apply.kind === 'replace' ? besideName(d.target.table) : null,
      adds,
      // one version of a row may hold what another does
      rules: { ...rowRules(shapes.source, shapes.target, columns, key), ...(keepsVersions ? { unique: [] } : {}) },
      ...(keepsVersions ? { versions: { batch: null } } : {}),
    },
    key,
    columns,
    position: r.position === null ? null : plannedPosition(r, r.position, columns),
    tree: d.shape.kind === 'tree' ? plannedTree(r, columns, d.shape.locator, d.shape.parent) : null,
    where: d.source.where.map((spec, i): PlannedCondition => {
      const { ref, column } = referenced(r, spec.column, 'where')
      const contents = shapes.lists.get(i) ?? null
      return { spec: { ...spec, column: ref }, type: column.type, ...collationOf(column), contents }
    }),
    scope: Object.entries(r.scope).map(([name, value]) => {
      const declared = d.scope[name]
      if (!declared) {
        const names = Object.keys(d.scope)
        throw new AppError(
          'TM4013',
          `${d.id} has no scope ${name}${names.length > 0 ? `; it has ${names.join(', ')}` : ' and declares none'}`,
        )
      }
      const { ref, column } = referenced(r, declared, 'scope')
      return { column: ref, type: column.type, value }
    }),
    excludeKeys: Object.entries(d.excludeKeys).map(([name, values]) => {
      const column = needColumn(shapes.source, name, r.source.foldsCase, 'exclude_keys')
      return { column: column.name, type: column.type, ...collationOf(column), values }
    }),
    steps: [],
  }
  if (shapes.target === null && d.target.create === 'never' && d.apply.kind !== 'none')
    throw new AppError('TM4109', `${formatTableName(d.target.table)} on ${r.target.location}`, {
      remedy: [r.target.createTableText(relation)],
    })
  return { relation, leftOut }
}

const collationOf = ({ collation }: ColumnFacts): { readonly collation?: string } =>
  collation === undefined ? {} : { collation }

function joinColumns(
  r: RelationRequest,
  alias: string,
  on: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const table = r.shapes.joins.get(alias)
  if (!table) throw new TypeError(`join ${alias} was not described`)
  return Object.fromEntries(
    Object.entries(on).map(([main, other]) => [
      needColumn(r.shapes.source, main, r.source.foldsCase, 'join column').name,
      needColumn(table, other, r.source.foldsCase, 'join column').name,
    ]),
  )
}

function keyColumn(r: RelationRequest, columns: readonly PlannedColumn[], name: string): PlannedColumn {
  const column = needColumn(r.shapes.source, name, r.source.foldsCase, 'key')
  if (!r.source.canBeKey(column.type))
    throw new AppError('TM4003', `key ${column.name} is ${column.type}, whose values do not identify a row`)
  const planned = columns.find((c) => c.origin.kind === 'main' && c.source === column.name)
  if (!planned) throw new AppError('TM1019', `${r.definition.id}: key ${name} is left out of the columns`)
  return planned
}

function plannedPosition(r: RelationRequest, wish: PositionWish, columns: readonly PlannedColumn[]): PlannedPosition {
  const { ref, column } = referenced(r, wish.ref, 'position')
  const order = r.source.positionClass(column.type)
  if (order === null)
    throw new AppError(
      'TM4003',
      `position ${formatColumnRef(ref)} is ${column.type}, which is neither a time nor a whole number`,
    )
  const clock = wish.clock ?? (order === 'time' ? 'utc' : order)
  if (order === 'time' ? clock !== 'utc' && clock !== 'local' : clock !== order)
    throw new AppError(
      'TM1019',
      `position ${formatColumnRef(ref)} is ${column.type}, which does not go with clock: ${clock}`,
    )
  const held = columns.find(
    (c) =>
      c.source === ref.column &&
      (ref.table === null ? c.origin.kind === 'main' : c.origin.kind === 'joined' && c.origin.alias === ref.table) &&
      (c.sourceType === c.targetType || r.target.typeFor(c.sourceType) === c.targetType) &&
      c.cast === null &&
      c.mask === null,
  )
  return { ref, type: column.type, clock, zone: wish.zone, targetColumn: held?.target ?? null }
}

/** One type, or one of texts in two lengths: a computed parent is often longer than any locator. */
export function areAlike(source: Pick<Source, 'logicalTypeOf'>, a: string, b: string): boolean {
  const ofAnyLength = (type: string): string => type.replace(/\((?:\d+|max)\)/, '')
  return a === b || (source.logicalTypeOf(a)?.kind === 'text' && ofAnyLength(a) === ofAnyLength(b))
}

function plannedTree(
  r: RelationRequest,
  columns: readonly PlannedColumn[],
  locator: string,
  parent: string,
): PlannedTree {
  const loc = needColumn(r.shapes.source, locator, r.source.foldsCase, 'locator')
  const par = needColumn(r.shapes.source, parent, r.source.foldsCase, 'parent')
  const planned = columns.find((c) => c.origin.kind === 'main' && c.source === loc.name)
  if (!planned)
    throw new AppError(
      'TM1019',
      `${r.definition.id}: locator ${locator} is left out of the columns, so a moved row could not be told`,
    )
  if (planned.cast !== null)
    throw new AppError('TM1019', `${r.definition.id}: locator ${locator} is cast, and parents are found by it as it is`)
  if (!areAlike(r.source, loc.type, par.type))
    throw new AppError(
      'TM4003',
      `locator ${loc.name} is ${loc.type}, parent ${par.name} is ${par.type}: they must be alike`,
    )
  // a row with another key is another row, and moves nowhere
  const isKey = r.definition.key.some((name) => sameName(r.source.foldsCase, name, loc.name))
  const reference = isKey
    ? undefined
    : r.shapes.selfReferences?.find(({ referenced }) => referenced === planned.target)?.column
  return {
    locator: planned,
    parent: { source: par.name, sourceType: par.type },
    ...(reference === undefined ? {} : { reference }),
  }
}
