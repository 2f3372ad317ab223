/**
 * What a watermark was earned for. When a flow covers more, the rows it gained lie behind the watermark; when it
 * covers other rows, nobody can say. So any change stops a run until a person chooses.
 */
import type { ConditionSpec, FlowSpec } from '@tidemark/contract/flow'
import { formatColumnRef, formatTableName } from '@tidemark/contract/table-name'
import type { FlowRelation } from '../dialects/contract.ts'
import type { PlannedColumn } from '../dialects/planned-column.ts'

export interface Coverage {
  readonly source: string
  readonly joins: readonly string[]
  readonly where: readonly string[]
  /** contents of each `in` table, by its condition */
  readonly lists: Readonly<Record<string, readonly string[]>>
  readonly excluded: readonly string[]
  readonly key: readonly string[]
  readonly position: string | null
  /** a column as it stands is its name in the source; else with what is done to it */
  readonly columns: readonly string[]
  /** SQL of the flow's own, by what it replaces; absent in what earlier versions stored */
  readonly templates?: Readonly<Record<string, string>>
  /** all columns of the main table at that time; absent in what older versions stored */
  readonly known?: readonly string[]
}

export function coverageOf(definition: FlowSpec, relation: FlowRelation): Coverage {
  return {
    source: `${definition.source.connection}:${formatTableName(definition.source.table)}`,
    joins: definition.source.joins
      .map((j) => `${formatTableName(j.table)} as ${j.as} on ${JSON.stringify(j.on)}`)
      .sort(),
    where: relation.where.map((c) => formatCondition(c.spec)).sort(),
    lists: Object.fromEntries(
      relation.where.flatMap((c) => (c.contents === null ? [] : [[formatCondition(c.spec), c.contents] as const])),
    ),
    excluded: relation.excludeKeys.flatMap((e) => e.values.map((v) => `${e.column}=${v}`)).sort(),
    key: relation.key.map((k) => k.source),
    position: relation.position ? formatColumnRef(relation.position.ref) : null,
    columns: relation.columns.map(formatColumn).sort(),
    known: relation.source.known,
    templates: templatesOf(definition),
  }
}

const templatesOf = ({ steps }: FlowSpec): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(steps).flatMap(([name, step]) =>
      (['queue', 'batch'] as const).flatMap((part) => {
        const text = step[part]
        return text === null ? [] : [[`${part} of step ${name}`, text] as const]
      }),
    ),
  )

/** Where a column's values come from and what is done to them, as one line. The key of a mask is its reference. */
function formatColumn(c: PlannedColumn): string {
  const { origin, cast, mask } = c
  const sameName = c.source.toLowerCase() === c.target.toLowerCase()
  const from =
    origin.kind === 'main'
      ? sameName
        ? c.source
        : `${c.target} = ${c.source}`
      : origin.kind === 'joined'
        ? `${c.target} = ${origin.alias}.${c.source}`
        : `${c.target} = ${origin.value === null ? 'NULL' : JSON.stringify(origin.value)}`
  const how =
    mask === null ? '' : mask.kind === 'hash' ? `, masked as hash with ${mask.key}` : `, masked as ${maskText(mask)}`
  return `${from}${cast === null ? '' : `, cast to ${cast}`}${how}`
}

const maskText = (mask: { readonly kind: 'null' } | { readonly kind: 'redact'; readonly text: string }): string =>
  mask.kind === 'null' ? 'NULL' : JSON.stringify(mask.text)

/** A condition as one line: its identity, and what a person reads. */
export function formatCondition(c: ConditionSpec): string {
  const column = formatColumnRef(c.column)
  switch (c.kind) {
    case 'in-list':
      return `${column} ${c.not ? 'not in' : 'in'} (${[...c.values].sort().join(', ')})`
    case 'in-table':
      return `${column} ${c.not ? 'not in' : 'in'} ${formatTableName(c.table)}.${c.tableColumn}`
    case 'compare':
      return `${column} ${c.operator} ${c.value}`
    case 'null':
      return `${column} is ${c.not ? 'not null' : 'null'}`
  }
}

export interface CoverageChange {
  /** one line a person can read */
  readonly text: string
  /** an `in` table that only gained values: they alone can be loaded */
  readonly gained: { readonly condition: string; readonly values: readonly string[] } | null
}

const some = (values: readonly string[]): string =>
  values.length <= 5 ? values.join(', ') : `${values.slice(0, 5).join(', ')} and ${values.length - 5} more`

function listed(what: string, before: readonly string[], now: readonly string[]): CoverageChange[] {
  const added = now.filter((v) => !before.includes(v))
  const removed = before.filter((v) => !now.includes(v))
  return [
    ...(added.length > 0 ? [{ text: `${what} added: ${some(added)}`, gained: null }] : []),
    ...(removed.length > 0 ? [{ text: `${what} removed: ${some(removed)}`, gained: null }] : []),
  ]
}

function templateChanges(
  before: Readonly<Record<string, string>>,
  now: Readonly<Record<string, string>>,
): readonly CoverageChange[] {
  const what = (name: string): string =>
    before[name] === undefined ? 'added' : now[name] === undefined ? 'removed' : 'changed'
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((name) => before[name] !== now[name])
    .map((name) => ({ text: `${name} ${what(name)}`, gained: null }))
}

/** What differs, in words; empty when nothing does. */
export function coverageChanges(before: Coverage, now: Coverage): readonly CoverageChange[] {
  const changes: CoverageChange[] = []
  const single = (what: string, a: string | null, b: string | null): void => {
    if (a !== b) changes.push({ text: `${what}: ${a ?? 'none'} → ${b ?? 'none'}`, gained: null })
  }
  single('source', before.source, now.source)
  single('position', before.position, now.position)
  single('key', before.key.join(', '), now.key.join(', '))
  changes.push(...listed('join', before.joins, now.joins))
  changes.push(...listed('where', before.where, now.where))
  for (const [condition, values] of Object.entries(now.lists)) {
    const old = before.lists[condition]
    if (old === undefined) continue // the condition itself is new, and listed above
    const oldSet = new Set(old)
    const newSet = new Set(values)
    const added = values.filter((v) => !oldSet.has(v))
    const removed = old.filter((v) => !newSet.has(v))
    if (added.length > 0)
      changes.push({
        text: `list of ${condition} gained: ${some(added)}`,
        gained: removed.length === 0 ? { condition, values: added } : null,
      })
    if (removed.length > 0) changes.push({ text: `list of ${condition} lost: ${some(removed)}`, gained: null })
  }
  changes.push(...listed('excluded key', before.excluded, now.excluded))
  changes.push(...listed('column', before.columns, now.columns))
  changes.push(...templateChanges(before.templates ?? {}, now.templates ?? {}))
  return changes
}
