/** A run's extraction: the image, what it differs in from the snapshot before, the hot side, and the spool to deliver. */
import { existsSync, renameSync, statSync } from 'node:fs'
import type { SnapshotOptions } from '@tidemark/contract/capture'
import type { Extracted, KeptRun } from '../capture/capture-mode.ts'
import type { Bench, EmbeddedWork } from '../dialects/contract.ts'
import { type ImageColumn, imageColumns, readImage } from '../dialects/duckdb/image.sql.ts'
import { formatTableName } from '@tidemark/contract/table-name'
import { AppError } from '../runtime/app-error.ts'
import { type ArchiveEntry, type Archives, insertEntry, pendingOf } from './archive-entry.ts'
import { bringBack, bringBackImage } from './bring-back.ts'
import { comparedColumns } from './compared.ts'
import { beside, compare, counted } from './compare.ts'
import { deliver, type Delivery, findLacking } from './deliver.ts'
import { HotSide, type HotPlace } from './hot-side.ts'
import { hotTable, insertSnapshot } from './hot.sql.ts'
import {
  dropAll,
  HASHED,
  hashRows,
  JUDGED,
  MOVED,
  noHashes,
  nullKeys,
  presentFrom,
  repeatedKeys,
  takeMoved,
} from './judge.sql.ts'
import { foundText } from './found-text.ts'
import type { SnapshotRow } from './snapshot-row.ts'
import { param, sql } from '../dialects/sql-text.ts'

/** What the plan stores for this. */
export interface Extraction {
  /** the id of the snapshot that this run takes */
  readonly snapshot: string
  /** that it is compared with; null: every row is new */
  readonly previous: string | null
}

export async function extract(
  place: HotPlace,
  run: KeptRun,
  bench: Bench,
  engine: string,
  archives: Archives,
): Promise<Extracted> {
  const { embedded, work } = bench
  if (embedded === undefined || !work.capturesKeys) throw new TypeError('no embedded engine')
  const { snapshot: id } = run.extraction as Extraction
  await using hot = await HotSide.open(place, run.flow, 'write')
  const options = run.options as SnapshotOptions
  await hot.tidy(options.keep ?? place.keep, id, (other) => run.stateOf(other))
  const there = (await hot.list()).find((s) => s.id === id)
  if (there !== undefined && (await work.spooled()) !== null) return foundText(there, run.delivers)
  if (there !== undefined && there.run !== run.run)
    throw new AppError('TM9001', `${there.run} has taken a snapshot of the id ${id}`, {
      remedy: [`tidemark run ${run.flow} --fresh   takes another`],
    })
  await hot.forget(id)
  // what cannot be kept or compared is refused before the source is read
  const shape = {
    columns: imageColumns(run.relation),
    compared: comparedColumns(run.relation, options),
  }
  const former = await formerOf(hot, run, archives, engine)
  try {
    await takeImage(hot, run, embedded, id)
    await run.hit('snapshot:image')
    const archive = pendingOf(options.archive, place.retainMs)
    const built = await build(hot, run, embedded, { id, former, engine, archive, archives, ...shape })
    await run.hit('snapshot:spooled')
    return foundText(built, run.delivers)
  } catch (error) {
    await hot.forget(id)
    throw error
  } finally {
    for (const statement of dropAll) await hot.desk.exec(statement)
  }
}

/** Throws TM4041 where the snapshot that the watermark names is neither here nor archived. */
async function formerOf(
  hot: HotSide,
  { extraction, options, scope, flow }: KeptRun,
  archives: Archives,
  engine: string,
): Promise<SnapshotRow | null> {
  const { previous } = extraction as Extraction
  if (previous === null) return null
  const { archive } = options as SnapshotOptions
  const found =
    (await hot.list()).find((s) => s.id === previous) ??
    (await bringBack(hot, archives, archive, { flow, id: previous, engine }))
  if (found === null)
    throw new AppError('TM4041', `${previous} of ${flow}, which the watermark names`, {
      remedy: [`tidemark run ${flow} --full   begins anew: every row counts as new and is delivered`],
    })
  // a scope that has no watermark of its own is given that of the whole flow
  return found.scope === scope ? found : null
}

async function takeImage(hot: HotSide, run: KeptRun, embedded: EmbeddedWork, id: string): Promise<void> {
  const path = hot.image(id)
  const part = hot.part(id)
  await embedded.takeOut(run.relation, run.selection, run.estimatedRows, part)
  renameSync(part, path)
}

interface Building extends Pick<SnapshotRow, 'id' | 'engine' | 'columns' | 'compared'> {
  readonly former: SnapshotRow | null
  /** what is noted beside the snapshot, so that it stays until it is archived */
  readonly archive: ((row: SnapshotRow) => ArchiveEntry) | null
  readonly archives: Archives
}

async function build(
  hot: HotSide,
  run: KeptRun,
  embedded: EmbeddedWork,
  { id, former, engine, archive, archives, columns, compared }: Building,
): Promise<SnapshotRow> {
  const { desk, catalog } = hot
  const options = run.options as SnapshotOptions
  const key = run.relation.key.map(({ target, targetType }): ImageColumn => ({ name: target, type: targetType }))
  const image = hot.image(id)
  const now = { engine, key: key.map(({ name }) => name), compared, image }
  using _room = await desk.room(columns.length)
  await readPresent(hot, run, image, key, compared)
  const before = former === null ? null : { ...former, image: hot.image(former.id) }
  if (before !== null && (options.exact || beside(before, now).way === 'common columns'))
    await expectImage(hot, archives, before.id, run.flow)
  const found = await compare(desk, { catalog, before, now, exact: options.exact })
  const delivery: Delivery = { run, embedded, image, columns, key, rows: null }
  await findLacking(desk, delivery)
  const counts = await counted(desk)
  const moved = counts.added + counts.changed
  const few = moved > 0n && moved < counts.unchanged
  if (few) await desk.exec(takeMoved(image))
  // where the columns are others, no row hash can be carried over
  if (found.way === 'common columns') await desk.exec(hashRows(readImage(image), compared))
  else await desk.exec(moved === 0n ? noHashes : hashRows(few ? MOVED : readImage(image), compared))
  const row: SnapshotRow = {
    id,
    number: ((await hot.list()).at(-1)?.number ?? 0n) + 1n,
    scope: run.scope,
    run: run.run,
    takenAt: Temporal.Now.instant().toString({ smallestUnit: 'millisecond' }),
    state: 'building',
    previous: former?.id ?? null,
    rows: counts.added + counts.changed + counts.unchanged,
    counts,
    schema: found.schema,
    engine,
    key: now.key,
    compared,
    columns,
    imageBytes: BigInt(statSync(image).size),
  }
  await write(hot, row, archive)
  await run.hit('snapshot:built')
  await deliver(desk, { ...delivery, rows: few ? MOVED : null })
  return row
}

/** Throws TM4004 with how many there are, or TM4005 with examples. */
async function readPresent(
  { desk }: HotSide,
  { relation: r }: KeptRun,
  image: string,
  key: readonly ImageColumn[],
  compared: SnapshotRow['compared'],
): Promise<void> {
  const names = r.key.map((k) => k.source).join(', ')
  const table = formatTableName(r.source.table)
  const without = await desk.count(nullKeys(image, key))
  if (without > 0n) throw new AppError('TM4004', `${without} rows of ${table} have NULL in ${names}`)
  await desk.exec(presentFrom(image, key, compared))
  const twice = await desk.query(repeatedKeys)
  if (twice.length === 0) return
  const joins = r.source.joins.length > 0 ? ' (a joined table with several rows for one also does this)' : ''
  const shown = twice.map(([text, n]) => `${text ?? ''} (${n ?? ''} rows)`).join(', ')
  throw new AppError('TM4005', `${table} has several rows for ${names} = ${shown}${joins}`)
}

async function expectImage(hot: HotSide, archives: Archives, id: string, flow: string): Promise<void> {
  if (existsSync(hot.image(id)) || (await bringBackImage(hot, archives, id))) return
  throw new AppError('TM4041', `the image of ${id} of ${flow}, whose values have to be compared`, {
    remedy: [`tidemark run ${flow} --full   begins anew: every row counts as new and is delivered`],
  })
}

async function write({ desk, catalog }: HotSide, row: SnapshotRow, archive: Building['archive']): Promise<void> {
  await desk.inTransaction(async () => {
    await desk.exec(insertSnapshot(catalog, row))
    if (archive !== null) await desk.exec(insertEntry(catalog, archive(row)))
    await desk.exec(
      sql`INSERT INTO ${hotTable(catalog, 'hot_row')} (snapshot, key, row_hash, first_hash, second_hash, place)
SELECT ${param(row.id)}, j.key, coalesce(h.row_hash, j.old_hash), j.first_hash, j.second_hash, j.place
FROM ${JUDGED} AS j LEFT JOIN ${HASHED} AS h ON h.place = j.place WHERE j.place IS NOT NULL`,
    )
    // of the first one of a scope every row is new
    if (row.previous !== null)
      await desk.exec(
        sql`INSERT INTO ${hotTable(catalog, 'difference')} (snapshot, key, kind) SELECT ${param(row.id)}, key, kind FROM ${JUDGED} WHERE kind <> 'unchanged'`,
      )
  })
}
