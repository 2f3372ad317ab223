/** Definition + what the tables look like → the relation that every statement is made from. Pure. */
import type { ColumnRef, FlowSpec, Scope } from '@tidemark/contract/flow'
import { formatColumnRef, formatTableName } from '@tidemark/contract/table-name'
import type { PositionWish } from '../capture/capture-mode.ts'
import type {
  ColumnFacts,
  FlowRelation,
  PlannedColumn,
  PlannedCondition,
  PlannedPosition,
  PlannedTree,
  SourcePort,
  TableFacts,
  TargetPort,
} from '../dialects/contract.ts'
import { AppError } from '../runtime/app-error.ts'
import { didYouMean } from '../runtime/did-you-mean.ts'
import { refuseInexact } from './fidelity.ts'
import type { TableShapes } from './flow-facts.ts'

type Source = Pick<SourcePort, 'foldsCase' | 'canBeKey' | 'positionClass' | 'location'>
type Target = Pick<TargetPort, 'narrowing' | 'createTableText' | 'location'>

export interface RelationRequest {
  readonly definition: FlowSpec
  readonly shapes: TableShapes
  readonly scope: Scope
  readonly position: PositionWish | null
  readonly source: Source
  readonly target: Target
}

const same = (folds: boolean, a: string, b: string): boolean =>
  a === b || (folds && a.toLowerCase() === b.toLowerCase())

function find(table: TableFacts, name: string, folds: boolean): ColumnFacts | undefined {
  return table.columns.find((c) => c.name === name) ?? table.columns.find((c) => same(folds, c.name, name))
}

function need(table: TableFacts, name: string, folds: boolean, role: string): ColumnFacts {
  const column = find(table, name, folds)
  if (column) return column
  const names = table.columns.map((c) => c.name)
  const near = didYouMean(name, names)
  throw new AppError(
    'TM4002',
    `${role} ${name} is not in ${formatTableName(table.table)}${near === null ? '' : `   did you mean ${near}?`}`,
    {
      remedy: [`its columns: ${names.join(', ')}`],
    },
  )
}

/** The column behind a reference, in the main table or a joined one. */
export function referenced(
  r: Pick<RelationRequest, 'shapes' | 'source'>,
  ref: ColumnRef,
  role: string,
): { readonly ref: ColumnRef; readonly column: ColumnFacts } {
  const table = ref.table === null ? r.shapes.source : r.shapes.joins.get(ref.table)
  if (!table) throw new AppError('TM1013', `${role} ${formatColumnRef(ref)}: no join is called ${ref.table}`)
  const column = need(table, ref.column, r.source.foldsCase, role)
  return { ref: { table: ref.table, column: column.name }, column }
}

export function resolveRelation(r: RelationRequest): FlowRelation {
  const { definition: d, shapes } = r
  if (
    r.source.location === r.target.location &&
    same(r.source.foldsCase, formatTableName(d.source.table), formatTableName(d.target.table))
  )
    throw new AppError(
      'TM1019',
      `${d.id}: source and target are one table, ${formatTableName(d.source.table)} on ${r.target.location}`,
    )
  const columns = plannedColumns(r)
  const key = d.key.map((name) => keyColumn(r, columns, name))
  const relation: FlowRelation = {
    source: { table: d.source.table, joins: d.source.joins.map((j) => ({ ...j, on: joinColumns(r, j.as, j.on) })) },
    target: { table: d.target.table, beside: d.apply.kind === 'replace' ? besideName(d.target.table) : null },
    key,
    columns,
    position: r.position === null ? null : plannedPosition(r, r.position, columns),
    tree: d.shape.kind === 'tree' ? plannedTree(r, columns, d.shape.locator, d.shape.parent) : null,
    where: d.source.where.map((spec, i): PlannedCondition => {
      const { ref, column } = referenced(r, spec.column, 'where')
      return { spec: { ...spec, column: ref }, type: column.type, contents: shapes.lists.get(i) ?? null }
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
      const column = need(shapes.source, name, r.source.foldsCase, 'exclude_keys')
      return { column: column.name, type: column.type, values }
    }),
    steps: [],
  }
  if (shapes.target === null && d.target.create === 'never')
    throw new AppError('TM4109', `${formatTableName(d.target.table)} on ${r.target.location}`, {
      remedy: [r.target.createTableText(relation)],
    })
  return relation
}

/** In the target's own schema, because a table cannot be renamed out of one. */
const besideName = (table: FlowSpec['target']['table']): FlowSpec['target']['table'] => [
  ...table.slice(0, -1),
  `${table.at(-1)}__tidemark_new`,
]

function joinColumns(
  r: RelationRequest,
  alias: string,
  on: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const table = r.shapes.joins.get(alias)
  if (!table) throw new TypeError(`join ${alias} was not described`)
  return Object.fromEntries(
    Object.entries(on).map(([main, other]) => [
      need(r.shapes.source, main, r.source.foldsCase, 'join column').name,
      need(table, other, r.source.foldsCase, 'join column').name,
    ]),
  )
}

/** include/exclude, then rename; each must be held exactly by the target. */
function plannedColumns(r: RelationRequest): readonly PlannedColumn[] {
  const { definition: d, shapes } = r
  const folds = r.source.foldsCase
  for (const name of [...(d.columns.include ?? []), ...d.columns.exclude, ...Object.keys(d.columns.rename)])
    need(shapes.source, name, folds, 'column')
  const listed = (names: readonly string[], c: ColumnFacts): boolean => names.some((n) => same(folds, n, c.name))
  const taken = shapes.source.columns.filter(
    (c) => (d.columns.include === null || listed(d.columns.include, c)) && !listed(d.columns.exclude, c),
  )
  const columns: PlannedColumn[] = []
  const missing: string[] = []
  for (const c of taken) {
    const renamed = Object.entries(d.columns.rename).find(([from]) => same(folds, from, c.name))?.[1]
    const name = renamed ?? c.name
    if (shapes.target === null) {
      columns.push(asItStands(c, name, c.type))
      continue
    }
    const held = find(shapes.target, name, folds)
    if (!held) missing.push(`${name} ${c.type}`)
    else if (!held.generated) columns.push(asItStands(c, held.name, held.type))
  }
  if (missing.length > 0) {
    const table = formatTableName(d.target.table)
    throw new AppError('TM4108', `the target ${table} lacks ${missing.join(', ')}`, {
      remedy: [
        ...missing.map((m) => `alter table ${table} add column ${m}`),
        `or columns: { exclude: [${missing.map((m) => m.split(' ')[0]).join(', ')}] }`,
      ],
    })
  }
  const twice = columns.find((c, i) => columns.findIndex((o) => same(folds, o.target, c.target)) !== i)
  if (twice) throw new AppError('TM1019', `${d.id}: two columns would land in ${twice.target}`)
  refuseInexact(columns, d, r.target)
  return columns
}

const asItStands = (source: ColumnFacts, target: string, targetType: string): PlannedColumn => ({
  source: source.name,
  target,
  sourceType: source.type,
  targetType,
  origin: { kind: 'main' },
  cast: false,
  mask: null,
})

function keyColumn(r: RelationRequest, columns: readonly PlannedColumn[], name: string): PlannedColumn {
  const column = need(r.shapes.source, name, r.source.foldsCase, 'key')
  if (!r.source.canBeKey(column.type))
    throw new AppError('TM4003', `key ${column.name} is ${column.type}, whose values do not identify a row`)
  const planned = columns.find((c) => c.source === column.name)
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
  const clock = wish.clock ?? (order === 'number' ? 'number' : 'utc')
  if ((order === 'number') !== (clock === 'number'))
    throw new AppError(
      'TM1019',
      `position ${formatColumnRef(ref)} is ${column.type}, which does not go with clock: ${clock}`,
    )
  const held =
    ref.table === null ? columns.find((c) => c.source === ref.column && c.sourceType === c.targetType) : undefined
  return { ref, type: column.type, clock, zone: wish.zone, targetColumn: held?.target ?? null }
}

function plannedTree(
  r: RelationRequest,
  columns: readonly PlannedColumn[],
  locator: string,
  parent: string,
): PlannedTree {
  const loc = need(r.shapes.source, locator, r.source.foldsCase, 'locator')
  const par = need(r.shapes.source, parent, r.source.foldsCase, 'parent')
  const planned = columns.find((c) => c.source === loc.name)
  if (!planned)
    throw new AppError(
      'TM1019',
      `${r.definition.id}: locator ${locator} is left out of the columns, so a moved row could not be told`,
    )
  if (loc.type !== par.type)
    throw new AppError(
      'TM4003',
      `locator ${loc.name} is ${loc.type}, parent ${par.name} is ${par.type}: they must be alike`,
    )
  return { locator: planned, parent: { source: par.name, sourceType: par.type } }
}
