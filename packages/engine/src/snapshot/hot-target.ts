/** `hot: target`: the target database keeps the same snapshots as the hot side does, without differences and images. */
import type { SnapshotOptions } from '@tidemark/contract/capture'
import type { KeptPlan, KeptRun } from '../capture/capture-mode.ts'
import type { Bench, FenceKey } from '../dialects/contract.ts'
import type { EmbeddedWork } from '../dialects/embedded-work.ts'
import { HEADER_COLUMNS, type HotHeader, type HotPut, type HotTables } from '../dialects/hot-tables.ts'
import { type Sql, sql } from '../dialects/sql-text.ts'
import { AppError, asAppError } from '../runtime/app-error.ts'
import type { Extraction } from './extract.ts'
import { type HotPlace, HotSide } from './hot-side.ts'
import { headerOf, insertRows, insertSnapshot, snapshotOfHeader } from './hot.sql.ts'
import { keptRows } from './judge.sql.ts'
import type { SnapshotRow } from './snapshot-row.ts'
import { tidying } from './tidying.ts'

/** Null: the flow keeps its snapshots beside the project alone. */
export function hotTablesOf({ options, flow }: KeptPlan, embedded: EmbeddedWork): HotTables | null {
  // what earlier versions stored says nothing of it
  if ((options as Partial<SnapshotOptions>).hot !== 'target') return null
  if (embedded.hot === null) throw new AppError('TM1019', `hot: target, and the target of ${flow} keeps no snapshots`)
  return embedded.hot
}

/** Oldest first. */
export async function listInTarget(tables: HotTables, of: KeptPlan): Promise<readonly SnapshotRow[]> {
  return (await tables.list(of)).map((header) => snapshotOfHeader({ ...header, taken_at: instantOf(header) }))
}

/** As the hot side writes it, whatever the database's own way. */
const instantOf = ({ taken_at: at }: HotHeader): string =>
  Temporal.Instant.from(at ?? '').toString({ smallestUnit: 'millisecond' })

export interface FoundInTarget {
  readonly row: SnapshotRow
  /** a relation of the embedded engine */
  readonly rows: Sql
}

/** Null: the target does not have it, or not all of its rows. */
export async function findInTarget(
  { desk }: HotSide,
  tables: HotTables,
  of: KeptPlan,
  id: string,
): Promise<FoundInTarget | null> {
  const row = (await listInTarget(tables, of)).find((s) => s.id === id)
  if (row === undefined) return null
  const rows = await tables.rows(of, id)
  return (await desk.count(sql`SELECT count(*) FROM ${rows} AS r`)) === row.rows ? { row, rows } : null
}

/** What the hot side has lost. */
export async function takeBack(hot: HotSide, found: FoundInTarget): Promise<SnapshotRow> {
  const { desk, catalog } = hot
  await desk.inTransaction(async () => {
    await desk.exec(insertSnapshot(catalog, found.row))
    await desk.exec(insertRows(catalog, found.row.id, found.rows))
  })
  return found.row
}

/** The run's snapshot comes to the target as `building`, and what former runs left undone there is done. */
export async function prepared(place: HotPlace, run: KeptRun, bench: Bench, fence: FenceKey): Promise<void> {
  const tables = bench.embedded === undefined ? null : hotTablesOf(run, bench.embedded)
  if (tables === null) return
  const { snapshot: id } = run.extraction as Extraction
  await run.hit('hot:before')
  await using hot = await HotSide.open(place, run.flow, 'read')
  const here = (await hot?.list())?.find((s) => s.id === id)
  const there = await listInTarget(tables, run)
  const { kept, gone } = await tidying(there, keepingOf(place, run, id), (other) => run.stateOf(other))
  const put =
    hot === null ||
    here === undefined ||
    isSame(
      there.find((s) => s.id === id),
      here,
    )
      ? null
      : putOf(hot, here)
  if (put !== null || kept.length + gone.length > 0)
    await tables.write(fence, { kept, gone: put === null ? gone : [...gone, id], put })
  await run.hit('hot:written')
}

const putOf = ({ catalog }: Pick<HotSide, 'catalog'>, row: SnapshotRow): HotPut => ({
  id: row.id,
  header: headerOf(row),
  rows: keptRows(catalog, row.id),
  count: row.rows,
})

const keepingOf = (place: HotPlace, run: KeptPlan, own: string | null) => ({
  keep: (run.options as SnapshotOptions).keep ?? place.keep,
  own,
  held: () => false,
})

/** Of the same extraction: its rows came with it. */
const isSame = (a: SnapshotRow | undefined, b: SnapshotRow): boolean =>
  a !== undefined && JSON.stringify(headerOf({ ...a, state: b.state })) === JSON.stringify(headerOf(b))

/** Its run has settled. */
export async function settledInTarget(
  place: HotPlace,
  run: KeptRun,
  bench: Bench,
  fence: FenceKey,
): Promise<readonly AppError[]> {
  const tables = bench.embedded === undefined ? null : hotTablesOf(run, bench.embedded)
  if (tables === null) return []
  try {
    const found = await tidying(await listInTarget(tables, run), keepingOf(place, run, null), (other) =>
      run.stateOf(other),
    )
    if (found.kept.length + found.gone.length > 0) await tables.write(fence, { ...found, put: null })
  } catch (error) {
    const { message } = asAppError(error)
    const { snapshot } = run.extraction as Extraction
    return [
      new AppError('TM6208', `${snapshot} of ${run.flow}: ${message}`, {
        cause: error,
        remedy: [`tidemark run ${run.flow}   makes up for it`],
      }),
    ]
  }
  await run.hit('hot:kept')
  return []
}

/** What a run would send, with `…` for what is not known yet. `catalog`: of the hot side. */
export async function explainInTarget(
  tables: HotTables,
  plan: KeptPlan,
  about: Pick<SnapshotRow, 'id' | 'previous' | 'engine' | 'key'>,
  catalog: string,
): Promise<readonly string[]> {
  const { id, previous, engine, key } = about
  const unknown = Object.fromEntries(HEADER_COLUMNS.map((name) => [name, '…'])) as HotHeader
  const header = { ...unknown, id, scope: plan.scope, state: 'building', previous, engine, key: JSON.stringify(key) }
  return await tables.explain(plan, {
    kept: [],
    gone: [id],
    put: { id, header, rows: keptRows(catalog, id), count: 0n },
  })
}
