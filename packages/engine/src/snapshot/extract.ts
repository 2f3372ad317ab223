/** A run's extraction: the image, what it differs in from the snapshot before, the hot side, and the spool to deliver. */
import { existsSync, renameSync, statSync } from 'node:fs'
import type { SnapshotOptions } from '@tidemark/contract/capture'
import type { Extracted, KeptPlan, KeptRun } from '../capture/capture-mode.ts'
import type { Bench, FlowRelation } from '../dialects/contract.ts'
import type { EmbeddedWork } from '../dialects/embedded-work.ts'
import type { Desk } from '../dialects/duckdb/desk.ts'
import { type ImageColumn, imageColumns, readImage } from '../dialects/duckdb/image.sql.ts'
import { spoolOf } from '../lane/spool.ts'
import { formatTableName } from '@tidemark/contract/table-name'
import { AppError } from '../runtime/app-error.ts'
import { type ArchiveEntry, type Archives, insertEntry, pendingOf, removePending } from './archive-entry.ts'
import { bringBack, bringBackImage } from './bring-back.ts'
import { comparedColumns } from './compared.ts'
import { beside, compare, counted, type Way } from './compare.ts'
import { deliver, type Delivery, findLacking } from './deliver.ts'
import { HotSide, type HotPlace, imagePath, RUN_WAIT_MS } from './hot-side.ts'
import { findGone } from './find-gone.ts'
import { rememberUndone, takeUndone } from './gone.sql.ts'
import { findInTarget, hotTablesOf, listInTarget, takeBack } from './hot-target.ts'
import { insertSnapshot, removeSnapshots } from './hot.sql.ts'
import {
  hashRows,
  keepDifferences,
  keepRows,
  keptRows,
  movedElsewhere,
  movedIn,
  movedRows,
  noHashes,
  nullKeyExamples,
  nullKeys,
  presentBeside,
  presentFrom,
  presentOf,
  repeatedKeys,
  takeMoved,
} from './judge.sql.ts'
import { type Found, foundText } from './found-text.ts'
import { type PackedRows, unpacked } from './packed.sql.ts'
import { haveSameBytes } from './same-bytes.ts'
import type { SnapshotRow } from './snapshot-row.ts'
import { type Sql, sql } from '../dialects/sql-text.ts'

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
  const { embedded } = bench
  const area = spoolOf(bench)
  if (embedded === undefined || area === null) throw new TypeError('no embedded engine')
  const { snapshot: id } = run.extraction as Extraction
  const options = run.options as SnapshotOptions
  const begun = await begin(place, run, { embedded, engine, archives, isSpooled: (await area.spooled()) !== null })
  if ('found' in begun) return begun.found
  try {
    await takeImage(place, run, embedded, id)
    await run.hit('snapshot:image')
    await using hot = await HotSide.open(place, run.flow, 'write', RUN_WAIT_MS)
    // what a lost extraction brought to the target is taken away by the one in its place
    await hot.desk.exec(takeUndone(hot.catalog, begun.standsIn ? id : null))
    const former = await formerOf(hot, run, embedded, archives, engine)
    const archive = pendingOf(options.archive, place.retainMs)
    const built = await build(hot, run, embedded, { id, former, engine, archive, archives, ...begun.shape })
    await run.hit('snapshot:spooled')
    return await found(hot.desk, built, run, embedded)
  } catch (error) {
    // what cannot be forgotten now, a full disk for one, the next run tidies away: the error is what is to be told
    if (!begun.standsIn) await forget(place, run.flow, id).catch(() => {})
    throw error
  }
}

interface Begun {
  readonly shape: Pick<SnapshotRow, 'columns' | 'compared'>
  /** its snapshot is there, and batches may have been delivered */
  readonly standsIn: boolean
}

interface Beginning {
  readonly embedded: EmbeddedWork
  readonly engine: string
  readonly archives: Archives
  readonly isSpooled: boolean
}

/**
 * What cannot be kept or compared is refused before the source is read. While it is read, which may take hours, whoever
 * looks into the hot side finds it free.
 */
async function begin(
  place: HotPlace,
  run: KeptRun,
  { embedded, engine, archives, isSpooled }: Beginning,
): Promise<Begun | { readonly found: Extracted }> {
  const { snapshot: id } = run.extraction as Extraction
  const options = run.options as SnapshotOptions
  await using hot = await HotSide.open(place, run.flow, 'write', RUN_WAIT_MS)
  await hot.tidy(options.keep ?? place.keep, id, (other) => run.stateOf(other))
  const there = await thereOf(hot, run, embedded)
  if (there !== undefined && isSpooled) return { found: await found(hot.desk, there, run, embedded) }
  if (there !== undefined && there.run !== run.run)
    throw new AppError('TM9001', `${there.run} has taken a snapshot of the id ${id}`, {
      remedy: [`tidemark run ${run.flow} --fresh   takes another`],
    })
  const standsIn = there !== undefined && run.begun
  if (!standsIn) await hot.forget(id)
  const imaged = embedded.inOwnTypes(run.relation)
  const shape = { columns: imageColumns(imaged), compared: comparedColumns(imaged, options) }
  await formerOf(hot, run, embedded, archives, engine)
  return { shape, standsIn }
}

async function forget(place: HotPlace, flow: string, id: string): Promise<void> {
  await using hot = await HotSide.open(place, flow, 'write', RUN_WAIT_MS)
  await hot.forget(id)
}

/** Of what `deliver` left behind. */
export async function found(
  desk: Desk,
  s: Found & Pick<SnapshotRow, 'number'>,
  run: KeptPlan,
  { gone }: EmbeddedWork,
): Promise<Extracted> {
  const { brake, delivers, relation } = run
  const deletes = brake === null ? 0n : await desk.count(sql`SELECT count(*) FROM ${gone}`)
  return {
    ...foundText(s, delivers && brake === null),
    ...(deletes === 0n ? {} : { deletes: String(deletes) }),
    ...(relation.target.versions === undefined ? {} : { version: String(s.number) }),
  }
}

/** What this run left behind before it stopped, here or, where another machine goes on, in the target. */
async function thereOf(hot: HotSide, run: KeptRun, embedded: EmbeddedWork): Promise<SnapshotRow | undefined> {
  const { snapshot: id } = run.extraction as Extraction
  const here = (await hot.list()).find((s) => s.id === id)
  const tables = here === undefined && run.begun ? hotTablesOf(run, embedded) : null
  const found = tables && (await findInTarget(hot, tables, run, id))
  return found === null ? here : await takeBack(hot, found)
}

/** The snapshot that a run compares with. */
export interface Former {
  readonly row: SnapshotRow
  /** see `keptRows` */
  readonly rows: Sql
}

/**
 * Throws TM4041 where the snapshot that the watermark names is not here, nor in the target, nor archived. `archives` null:
 * none is asked, and nothing is written.
 */
export async function formerOf(
  hot: HotSide,
  plan: KeptPlan,
  embedded: EmbeddedWork,
  archives: Archives | null,
  engine: string,
): Promise<Former | null> {
  const { extraction, options, scope, flow } = plan
  const { previous } = extraction as Extraction
  if (previous === null) return null
  const found = await findFormer(hot, plan, embedded, archives, { id: previous, engine })
  if (found === null)
    throw new AppError('TM4041', `${previous} of ${flow}, which the watermark names`, {
      remedy: lostRemedy(flow, (options as SnapshotOptions).archive !== null && archives === null),
    })
  // a scope that has no watermark of its own is given that of the whole flow
  return found.row.scope === scope ? found : null
}

/** What the hot side had lost it then has again, unless nothing is written. */
async function findFormer(
  hot: HotSide,
  plan: KeptPlan,
  embedded: EmbeddedWork,
  archives: Archives | null,
  { id, engine }: { readonly id: string; readonly engine: string },
): Promise<Former | null> {
  const kept = (row: SnapshotRow): Former => ({ row, rows: keptRows(hot.catalog, row.id) })
  const here = (await hot.list()).find((s) => s.id === id)
  if (here !== undefined) return kept(here)
  const tables = hotTablesOf(plan, embedded)
  const inTarget = tables && (await findInTarget(hot, tables, plan, id))
  if (archives === null) return inTarget
  if (inTarget !== null) return kept(await takeBack(hot, inTarget))
  const { archive } = plan.options as SnapshotOptions
  const archived = await bringBack(hot, archives, archive, { flow: plan.flow, id, engine })
  return archived && kept(archived)
}

async function takeImage(place: HotPlace, run: KeptRun, embedded: EmbeddedWork, id: string): Promise<void> {
  const path = imagePath(place, run.flow, id)
  const part = `${path}.part`
  await embedded.takeOut(run.relation, run.selection, run.estimatedRows, part)
  renameSync(part, path)
}

interface Judging extends Pick<SnapshotRow, 'engine' | 'columns' | 'compared'> {
  readonly former: Former | null
  readonly image: string
  /** null: none is asked */
  readonly archives: Archives | null
}

export interface Judged extends Pick<SnapshotRow, 'key' | 'counts' | 'schema' | 'rows'> {
  readonly way: Way
  /** new and changed rows, where they were taken out of the image as it was read; null: they were not */
  readonly moved: PackedRows | null
  readonly delivery: Delivery
}

/** The image beside the snapshot before and the target: nothing is written. Throws TM4004, TM4005, TM4041 or TM5007. */
export async function judgeImage(
  hot: HotSide,
  run: KeptPlan,
  embedded: EmbeddedWork,
  { former, engine, columns, compared, image, archives }: Judging,
): Promise<Judged> {
  const { desk } = hot
  const { exact } = run.options as SnapshotOptions
  const key = keyOf(embedded.inOwnTypes(run.relation))
  const now = { engine, key: key.map(({ name }) => name), compared, image }
  using _room = await desk.room(columns.length)
  const before = former && { ...former.row, rows: former.rows, image: hot.image(former.row.id) }
  const trusted = before !== null && !exact && beside(before, now).way === 'fingerprints' ? before : null
  const isSame = trusted !== null && (await readSame(desk, trusted, image))
  if (!isSame) await readPresent(hot, run, image, key, { columns, compared, before: trusted && trusted.rows })
  if (former !== null && (exact || beside(former.row, now).way === 'common columns'))
    await expectImage(hot, archives, former.row.id, run)
  const { schema, way } = await compare(desk, { before, now, exact })
  const delivery: Delivery = { run, embedded, image, columns, key, rows: null }
  await findLacking(desk, delivery)
  const counts = await counted(desk)
  const rows = counts.added + counts.changed + counts.unchanged
  await findGone(desk, { run, embedded, key, first: former === null, left: rows })
  const moved = trusted !== null && !isSame && (await desk.count(movedElsewhere)) === 0n ? movedIn(columns) : null
  return { key: now.key, counts, rows, schema, way, moved, delivery }
}

export const keyOf = (r: FlowRelation): readonly ImageColumn[] =>
  r.key.map(({ target, targetType }) => ({ name: target, type: targetType }))

interface Building extends Omit<Judging, 'image'> {
  readonly id: string
  readonly archives: Archives
  /** what is noted beside the snapshot, so that it stays until it is archived */
  readonly archive: ((row: SnapshotRow) => ArchiveEntry) | null
}

async function build(
  hot: HotSide,
  run: KeptRun,
  embedded: EmbeddedWork,
  { id, archive, ...about }: Building,
): Promise<SnapshotRow> {
  const { desk } = hot
  const { former, engine, columns, compared } = about
  const image = hot.image(id)
  const judged = await judgeImage(hot, run, embedded, { ...about, image })
  const { key, counts, rows, schema, way, delivery } = judged
  using _room = await desk.room(columns.length)
  const moved = counts.added + counts.changed
  const few = moved > 0n && moved < counts.unchanged
  if (few && judged.moved === null) await desk.exec(takeMoved(image, columns))
  const taken = few ? unpacked(judged.moved ?? movedRows(columns)) : null
  // where the columns are others, no row hash can be carried over
  if (way === 'common columns') await desk.exec(hashRows(readImage(image), compared))
  else await desk.exec(moved === 0n ? noHashes : hashRows(taken ?? readImage(image), compared))
  const row: SnapshotRow = {
    id,
    number: await nextNumber(hot, run, embedded),
    scope: run.scope,
    run: run.run,
    takenAt: Temporal.Now.instant().toString({ smallestUnit: 'millisecond' }),
    state: 'building',
    previous: former?.row.id ?? null,
    rows,
    counts,
    schema,
    engine,
    key,
    compared,
    columns,
    imageBytes: BigInt(statSync(image).size),
  }
  await write(hot, row, archive)
  await run.hit('snapshot:built')
  await deliver(desk, { ...delivery, rows: taken })
  return row
}

/** Above all that there are, also where the target knows more of them; where versions are told by it, above theirs. */
export async function nextNumber(hot: HotSide, plan: KeptPlan, embedded: EmbeddedWork): Promise<bigint> {
  const { relation } = plan
  const tables = hotTablesOf(plan, embedded)
  const inTarget = tables === null ? [] : await listInTarget(tables, plan)
  const numbers = [...(await hot.list()), ...inTarget].map(({ number }) => number)
  const next = numbers.reduce((a, b) => (a > b ? a : b), 0n) + 1n
  return relation.target.versions === undefined ? next : await embedded.nextVersion(relation, next)
}

/** A source that nobody has touched gives the same file again: then its rows are those of the snapshot before. */
export async function readSame(
  desk: Desk,
  before: { readonly rows: Sql; readonly image: string },
  image: string,
): Promise<boolean> {
  const isSame = await haveSameBytes(before.image, image)
  if (isSame) await desk.exec(presentOf(before.rows))
  return isSame
}

/** besides those of the key, of a row that has none */
const SHOWN_COLUMNS = 3

/** Throws TM4004 or TM4005, with examples. */
async function readPresent(
  { desk }: HotSide,
  { relation: r }: KeptPlan,
  image: string,
  key: readonly ImageColumn[],
  { columns, compared, before }: Pick<SnapshotRow, 'columns' | 'compared'> & { readonly before: Sql | null },
): Promise<void> {
  const names = r.key.map((k) => k.source).join(', ')
  const table = formatTableName(r.source.table)
  const without = await desk.count(nullKeys(image, key))
  if (without > 0n) {
    const others = columns.filter(({ name }) => !key.some((k) => k.name === name)).slice(0, SHOWN_COLUMNS)
    const examples = await desk.query(nullKeyExamples(image, key, [...key, ...others]))
    const such = examples.map(([row]) => row ?? '').join(', ')
    throw new AppError('TM4004', `${without} rows of ${table} have NULL in ${names}, such as ${such}`)
  }
  await desk.exec(
    before === null ? presentFrom(image, key, compared) : presentBeside(image, key, compared, { before, columns }),
  )
  const twice = await desk.query(repeatedKeys)
  if (twice.length === 0) return
  const joins = r.source.joins.length > 0 ? ' (a joined table with several rows for one also does this)' : ''
  const shown = twice.map(([text, n]) => `${text ?? ''} (${n ?? ''} rows)`).join(', ')
  throw new AppError('TM4005', `${table} has several rows for ${names} = ${shown}${joins}`)
}

async function expectImage(hot: HotSide, archives: Archives | null, id: string, run: KeptPlan): Promise<void> {
  const { archive } = run.options as SnapshotOptions
  const isHere = existsSync(hot.image(id))
  if (isHere || (archives !== null && (await bringBackImage(hot, archives, archive, { flow: run.flow, id })))) return
  throw new AppError('TM4041', `the image of ${id} of ${run.flow}, whose values have to be compared`, {
    remedy: lostRemedy(run.flow, archive !== null && archives === null),
  })
}

const lostRemedy = (flow: string, isArchived: boolean): readonly string[] => [
  ...(isArchived ? [`tidemark run ${flow}   takes it back from the archive, which a dry run does not`] : []),
  `tidemark run ${flow} --full   begins anew: every row counts as new and is delivered`,
]

async function write({ desk, catalog }: HotSide, row: SnapshotRow, archive: Building['archive']): Promise<void> {
  await desk.inTransaction(async () => {
    for (const statement of [...removeSnapshots(catalog, [row.id]), removePending(catalog, [row.id])])
      await desk.exec(statement)
    await desk.exec(insertSnapshot(catalog, row))
    if (archive !== null) await desk.exec(insertEntry(catalog, archive(row)))
    await desk.exec(rememberUndone(catalog, row.id))
    await desk.exec(keepRows(catalog, row.id))
    // of the first one of a scope every row is new
    if (row.previous !== null) await desk.exec(keepDifferences(catalog, row.id))
  })
}
