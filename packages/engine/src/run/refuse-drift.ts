/** Are the columns still those that were planned? Asked before a run touches anything, and where a statement fails. */
import { formatColumnRef, formatTableName } from '@tidemark/contract/table-name'
import { type Bench, type FlowRelation, landingTable, type TableFacts, type WantedTypes } from '../dialects/contract.ts'
import { sourceColumns } from '../dialects/source-columns.ts'
import { spoolOf } from '../lane/spool.ts'
import type { FlowPlan } from '../plan/flow-plan.ts'
import { AppError, type AppErrorOptions } from '../runtime/app-error.ts'

const REMEDY = [
  'bring the columns back as they were, then: tidemark resume --last',
  'or tidemark run FLOW --fresh   plans anew',
]

const drifted = (differences: readonly string[], options: AppErrorOptions = {}): AppError =>
  new AppError('TM4108', `since this run was planned: ${differences.join('; ')}`, { ...options, remedy: REMEDY })

/** Throws TM4108 with every difference; the run stays resumable. */
export async function refuseDrift(bench: Bench, plan: FlowPlan): Promise<void> {
  const differences = await differencesOf(bench, plan)
  if (differences.length > 0) throw drifted(differences)
}

/** What a statement fails with, or finds, where a table is no longer the one it was made for. */
const SYMPTOMS: readonly string[] = ['TM4019', 'TM5001', 'TM4108']

/** The error as TM4108 with every difference, where drift explains it; else as it is. */
export async function explainDrift(bench: Bench, plan: FlowPlan, error: unknown): Promise<unknown> {
  if (!(error instanceof AppError) || !SYMPTOMS.includes(error.code)) return error
  try {
    const differences = await differencesOf(bench, plan)
    return differences.length > 0 ? drifted(differences, { cause: error }) : error
  } catch (second) {
    return second instanceof AppError && second.code === 'TM4108' ? second : error
  }
}

interface Planned {
  readonly name: string
  readonly type: string | null
}

async function differencesOf(bench: Bench, { relation: r, spoolsWhole }: FlowPlan): Promise<readonly string[]> {
  const columns = sourceColumns(r)
  const of = (alias: string | null): readonly Planned[] =>
    columns.filter((c) => c.ref.table === alias).map((c) => ({ name: c.ref.column, type: c.type }))
  const found: string[] = []
  // what was taken out of the source stays what it is, whatever becomes of the source
  const area = spoolsWhole ? spoolOf(bench) : null
  if (area === null || (await area.spooled()) === null) {
    const source = await bench.source.describe(r.source.table, wantedTypes(r))
    found.push(...changed('source', r.source.table, null, source, of(null)))
    for (const { as, table } of r.source.joins)
      found.push(...changed('source', table, as, await bench.source.describe(table), of(as)))
  }
  const landing = await bench.target.describe(landingTable(r))
  const target = landing ?? (await bench.target.describe(r.target.table))
  const lands = r.columns.map((c) => ({ name: c.target, type: c.targetType }))
  // what the run itself is about to add may be there or not
  const there = lands.filter((c) => !r.target.adds.includes(c.name) || target?.columns.some((x) => x.name === c.name))
  if (target !== null) found.push(...changed('target', r.target.table, null, target, there))
  return found
}

/** A CSV file has no types of its own: it is read with those that were planned. */
function wantedTypes(r: FlowRelation): WantedTypes {
  const main = [
    ...r.columns.filter((c) => c.origin.kind === 'main').map((c) => [c.source, c.sourceType]),
    ...(r.position && r.position.ref.table === null ? [[r.position.ref.column, r.position.type]] : []),
    ...r.where.filter((c) => c.spec.column.table === null).map((c) => [c.spec.column.column, c.type]),
    ...r.scope.filter((s) => s.column.table === null).map((s) => [s.column.column, s.type]),
    ...r.excludeKeys.map((e) => [e.column, e.type]),
  ]
  return { types: Object.fromEntries(main), others: r.source.joins.length === 0 ? 'text' : 'found' }
}

function changed(
  side: string,
  table: readonly string[],
  alias: string | null,
  facts: TableFacts | null,
  planned: readonly Planned[],
): readonly string[] {
  if (facts === null) return [`${side} ${formatTableName(table)} is gone`]
  return planned.flatMap(({ name, type }) => {
    const now = facts.columns.find((c) => c.name === name)
    const column = `${side} column ${formatColumnRef({ table: alias, column: name })}`
    if (!now) return [`${column} is gone`]
    return type === null || now.type === type ? [] : [`${column} was ${type}, is ${now.type}`]
  })
}
