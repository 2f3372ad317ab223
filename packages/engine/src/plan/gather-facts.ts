/** Asks source, target and store. Writes nothing anywhere. */
import { type FlowSpec, type Scope, scopeText } from '@tidemark/contract/flow'
import { parseRunId } from '@tidemark/contract/ids'
import { formatTableName } from '@tidemark/contract/table-name'
import type { ControlStore, LedgerStore } from '../control/control-store.ts'
import type { Bench, FlowRelation, SourcePort, TableFacts, WantedTypes } from '../dialects/contract.ts'
import { AppError } from '../runtime/app-error.ts'
import type { FlowFacts, LedgerFacts, TableShapes } from './flow-facts.ts'

async function described(
  source: SourcePort,
  table: readonly string[],
  wanted: WantedTypes | null = null,
): Promise<TableFacts> {
  const facts = await source.describe(table, wanted)
  if (facts === null) throw new AppError('TM4001', `${formatTableName(table)} on ${source.location}`)
  return facts
}

/** What the target's columns are, under the names that the source has for them. */
function wantedBy(target: TableFacts, d: FlowSpec, { target: { logicalTypeOf } }: Bench): WantedTypes {
  const before = new Map(Object.entries(d.columns.rename).map(([from, to]) => [to.toLowerCase(), from]))
  const types = target.columns.map((c) => [before.get(c.name.toLowerCase()) ?? c.name, c.type])
  const meaning = logicalTypeOf === undefined ? {} : { meaning: logicalTypeOf }
  return { types: Object.fromEntries(types), ...meaning, others: 'found' }
}

async function askShapes(bench: Bench, d: FlowSpec): Promise<TableShapes> {
  const target = await bench.target.describe(d.target.table)
  const source = await described(bench.source, d.source.table, target && wantedBy(target, d, bench))
  const joins = new Map<string, TableFacts>()
  for (const join of d.source.joins) joins.set(join.as, await described(bench.source, join.table))
  const lists = new Map<number, readonly string[]>()
  for (const [i, condition] of d.source.where.entries()) {
    if (condition.kind !== 'in-table') continue
    const table = await described(bench.source, condition.table)
    if (!table.columns.some((c) => c.name.toLowerCase() === condition.tableColumn.toLowerCase()))
      throw new AppError('TM4002', `${condition.tableColumn} is not in ${formatTableName(condition.table)}`, {
        remedy: [`its columns: ${table.columns.map((c) => c.name).join(', ')}`],
      })
    lists.set(i, await bench.source.listValues(condition.table, condition.tableColumn))
  }
  return {
    source,
    joins,
    lists,
    castTypes: await castTypes(bench, d),
    lackedTypes: await lackedTypes(bench, [source, ...joins.values()], target),
    target,
    selfReferences:
      target !== null && d.shape.kind === 'tree' && d.apply.kind === 'latest'
        ? ((await bench.target.selfReferences?.(d.target.table)) ?? [])
        : [],
  }
}

async function castTypes(bench: Bench, d: FlowSpec): Promise<ReadonlyMap<string, string>> {
  const types = new Map<string, string>()
  for (const [name, text] of Object.entries(d.columns.cast)) {
    const type = await bench.target.typeNamed(text)
    if (type === null) throw new AppError('TM4030', `columns.cast ${name}: ${text} on ${bench.target.location}`)
    types.set(text, type)
  }
  return types
}

/** Of the types that travel as they are. A target that has a table of these columns has their types. */
async function lackedTypes(
  bench: Bench,
  sources: readonly TableFacts[],
  target: TableFacts | null,
): Promise<ReadonlyMap<string, string>> {
  const held = new Set(target?.columns.map((c) => c.type))
  const types = new Set(sources.flatMap((s) => s.columns.map((c) => c.type)).filter((type) => !held.has(type)))
  const lacked = new Map<string, string>()
  for (const type of types) {
    const why = bench.target.typeFor(type) === type ? await bench.target.lacks(type) : null
    if (why !== null) lacked.set(type, why)
  }
  return lacked
}

export async function askLedger(
  store: ControlStore,
  d: FlowSpec,
  scope: Scope,
  settledRuns: readonly string[],
): Promise<LedgerFacts> {
  const { ledger } = store
  const text = scopeText(scope)
  const scoped = text !== scopeText({})
  return {
    store: store.id,
    watermark: await ledger.getWatermark(d.id, text),
    unscoped: scoped ? await ledger.getWatermark(d.id, scopeText({})) : null,
    unfinished: await ledger.findUnfinished(d.id, text),
    unmatched: await ledger.listUnmatched(d.id),
    rejects: await ledger.listRejects(d.id),
    look: await ledger.getLook(d.id, text),
    now: await store.now(),
    knownRuns: await knownRuns(ledger, settledRuns),
  }
}

async function knownRuns(ledger: LedgerStore, ids: readonly string[]): Promise<LedgerFacts['knownRuns']> {
  const known = new Map()
  for (const id of ids) {
    const run = await ledger.findRun(parseRunId(id))
    if (run) known.set(id, run)
  }
  return known
}

export async function gatherFacts(bench: Bench, store: ControlStore, d: FlowSpec, scope: Scope): Promise<FlowFacts> {
  const shapes = await askShapes(bench, d)
  const settled = await bench.target.settled(d.id)
  return {
    ...shapes,
    identity: await bench.source.identity(),
    targetState: { settled, empty: shapes.target === null || (await bench.target.isEmpty(d.target.table)) },
    ledger: await askLedger(
      store,
      d,
      scope,
      settled.filter((s) => s.store === store.id).map((s) => s.run),
    ),
  }
}

/**
 * Every value a person wrote, in the canonical text of its column's type; refuses what is none. `abroad`: another engine has the
 * target, and reads a constant as it is where the source does not know its type.
 */
export async function canonicalValues(source: SourcePort, r: FlowRelation, abroad = false): Promise<FlowRelation> {
  const canonical = async (what: string, type: string, text: string): Promise<string> => {
    const value = await source.canonical(type, text)
    if (value === null) throw new AppError('TM4015', `${what}: "${text}" is no ${type}`)
    return value
  }
  const where: FlowRelation['where'][number][] = []
  for (const c of r.where) {
    const what = `where ${c.spec.column.column}`
    if (c.spec.kind === 'in-list') {
      const values: string[] = []
      for (const v of c.spec.values) values.push(await canonical(what, c.type, v))
      where.push({ ...c, spec: { ...c.spec, values } })
    } else if (c.spec.kind === 'compare')
      where.push({ ...c, spec: { ...c.spec, value: await canonical(what, c.type, c.spec.value) } })
    else where.push(c)
  }
  const scope: FlowRelation['scope'][number][] = []
  for (const s of r.scope) scope.push({ ...s, value: await canonical(`scope ${s.column.column}`, s.type, s.value) })
  const excludeKeys: FlowRelation['excludeKeys'][number][] = []
  for (const e of r.excludeKeys) {
    const values: string[] = []
    for (const v of e.values) values.push(await canonical(`exclude_keys ${e.column}`, e.type, v))
    excludeKeys.push({ ...e, values })
  }
  const columns: FlowRelation['columns'][number][] = []
  for (const c of r.columns) {
    const isKnown = !abroad || source.logicalTypeOf(c.sourceType) !== null
    if (c.origin.kind === 'value' && c.origin.value !== null && isKnown)
      columns.push({
        ...c,
        origin: { ...c.origin, value: await canonical(`columns.add ${c.target}`, c.sourceType, c.origin.value) },
      })
    else columns.push(c)
  }
  return { ...r, columns, where, scope, excludeKeys }
}
