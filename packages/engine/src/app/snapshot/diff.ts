/** `tidemark snapshot diff`: two snapshots of a flow beside each other, down to the values. Only a file that is asked for is written. */
import type { FlowSpec } from '@tidemark/contract/flow'
import type { SnapshotDiffDocument } from '@tidemark/contract/snapshot-documents'
import type { Desk } from '../../dialects/duckdb/desk.ts'
import type { ImageColumn } from '../../dialects/duckdb/image.sql.ts'
import type { Sql } from '../../dialects/sql-text.ts'
import { AppError } from '../../runtime/app-error.ts'
import { beside, type Compared, compare, counted } from '../../snapshot/compare.ts'
import {
  changedColumns,
  changedValues,
  copyDifferences,
  type DifferenceFile,
  keysOf,
  narrow,
  type NumberedColumn,
} from '../../snapshot/differences.sql.ts'
import { findDifferences, numbered } from '../../snapshot/differences.ts'
import { type HotPlace, HotSide } from '../../snapshot/hot-side.ts'
import { FORMER, formerFrom, type Images, keptRows, presentFrom, presentOf } from '../../snapshot/judge.sql.ts'
import type { AppContext } from '../app-context.ts'
import { hotPlace } from '../hot-place.ts'
import { countJson } from '../run-json.ts'
import { knownFlow } from '../select-flows.ts'
import { chooseTwo, type TwoSnapshots, type TwoWanted } from './choose-two.ts'
import { type Side, sidesOf } from './sides.ts'
import { chooseColumns, sampled, type Samples } from './samples.ts'
import { differenceJson, keyJson, schemaJson } from './snapshot-json.ts'

export interface DiffOptions extends TwoWanted {
  readonly flow: string
  /** as they are compared; null: all that both have */
  readonly columns: readonly string[] | null
  /** rows of each kind; null: all */
  readonly limit: number | null
  /** where every difference is written; null: nowhere */
  readonly write: { readonly path: string; readonly format: DifferenceFile } | null
  /** rows of each kind that are answered with some of their values; null: none */
  readonly samples: number | null
}

export interface DiffAnswer {
  readonly document: SnapshotDiffDocument
  /** written to `write`; null: nothing was */
  readonly lines: bigint | null
  readonly samples: Samples | null
}

export async function diffSnapshots(ctx: AppContext, options: DiffOptions, signal: AbortSignal): Promise<DiffAnswer> {
  const flow = knownFlow((await ctx.catalog('read')).flows, options.flow)
  const place = hotPlace(ctx.project, ctx.config)
  const two = await chosen(ctx, place, flow, options)
  // what an archive has takes its time to come: until it is here, a run finds the hot side free
  using before = await two.before.open()
  using now = await two.after.open()
  await using hot = await HotSide.look(place, flow.id)
  using _stop = interruptedBy(signal, hot)
  try {
    return await difference(hot, two, { before: before.path, now: now.path }, { ...options, flow: flow.id })
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
}

async function chosen(ctx: AppContext, place: HotPlace, flow: FlowSpec, options: DiffOptions): Promise<TwoSnapshots> {
  await using hot = await HotSide.look(place, flow.id)
  return chooseTwo(flow.id, await sidesOf(ctx, flow, hot, [options.before, options.after]), options)
}

/** Of two statements the second does not hear what came between them: it is said until somebody hears. */
function interruptedBy(signal: AbortSignal, { desk }: HotSide): Disposable {
  const timers: NodeJS.Timeout[] = []
  const stop = (): void => void timers.push(setInterval(() => desk.interrupt(), INTERRUPT_MS))
  if (signal.aborted) stop()
  else signal.addEventListener('abort', stop, { once: true })
  return {
    [Symbol.dispose]: () => {
      signal.removeEventListener('abort', stop)
      for (const timer of timers) clearInterval(timer)
    },
  }
}
const INTERRUPT_MS = 20

async function difference(hot: HotSide, two: TwoSnapshots, images: Images, options: DiffOptions): Promise<DiffAnswer> {
  const { before, after } = two
  const { desk } = hot
  const found = await judged(hot, two, images)
  const chosen = chooseColumns(found, two, options.columns)
  const columns = numbered(chosen)
  const { limit, write } = options
  let counts = await counted(desk)
  if (counts.changed > 0n) {
    const texts = write !== null || options.columns !== null || limit === null ? null : BigInt(limit)
    const all = found.way === 'fingerprints' && options.columns === null
    const fingerprints = all ? found.before : null
    await findDifferences(desk, { images, columns, changed: counts.changed, texts, fingerprints })
    if (options.columns !== null) {
      await desk.exec(narrow)
      counts = await counted(desk)
    }
  }
  const keys = async (kind: string) =>
    (await desk.query(keysOf(kind, limit === null ? null : BigInt(limit)))).map(([key]) => keyJson(key ?? '[]'))
  const changes = counts.changed === 0n ? NO_CHANGES : await changesOf(hot, columns, limit)
  return {
    document: {
      flow: options.flow,
      before: before.json,
      after: after.json,
      key: [...after.key],
      only: options.columns === null ? null : chosen.map(({ now }) => now.name),
      difference: differenceJson(counts),
      schema_change: schemaJson(found),
      columns: changes.columns,
      new: await keys('new'),
      deleted: await keys('deleted'),
      changed: changes.rows,
      limit,
      out: null,
    },
    lines: write === null ? null : await copied(desk, counts.changed === 0n ? null : columns, write),
    samples: options.samples === null ? null : await sampled(desk, two, images, chosen, BigInt(options.samples)),
  }
}

async function copied(
  desk: Desk,
  columns: readonly NumberedColumn[] | null,
  { path, format }: NonNullable<DiffOptions['write']>,
): Promise<bigint> {
  try {
    return await desk.exec(copyDifferences(columns, path, format))
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'TM2004') throw error
    throw new AppError('TM2004', error.detail, {
      cause: error,
      remedy: ['free room, then give the same command again'],
    })
  }
}

interface Judged extends Compared {
  /** the rows of the earlier one: see `keptRows` */
  readonly before: Sql
}

async function judged({ desk, catalog }: HotSide, { before, after }: TwoSnapshots, images: Images): Promise<Judged> {
  const isKept = before.engine !== null && after.engine !== null
  // where one has to be hashed anew, both are: by one engine
  const was = { ...before, image: images.before, engine: isKept ? before.engine : READ_ANEW }
  const now = { ...after, image: images.now, engine: isKept ? after.engine : READ_ANEW }
  if (isKept) {
    const rows = keptRows(catalog, before.snapshot)
    await desk.exec(presentOf(keptRows(catalog, after.snapshot)))
    return { ...(await compare(desk, { before: { ...was, rows }, now, exact: false })), before: rows }
  }
  using _room = await desk.room(before.columns.length + after.columns.length)
  await desk.exec(presentFrom(now.image, keyColumns(after), after.compared))
  const wantsHashes = beside(was, now).way === 'row hashes'
  await desk.exec(formerFrom(was.image, keyColumns(before), before.compared, wantsHashes))
  return { ...(await compare(desk, { before: { ...was, rows: FORMER }, now, exact: false })), before: FORMER }
}
const READ_ANEW = ''

const keyColumns = ({ key, columns }: Side): readonly ImageColumn[] =>
  key.flatMap((name) => columns.filter((column) => column.name === name))

interface Changes {
  readonly columns: SnapshotDiffDocument['columns']
  readonly rows: SnapshotDiffDocument['changed']
}

const NO_CHANGES: Changes = { columns: [], rows: [] }

/** Of what `findDifferences` found. */
async function changesOf(
  { desk }: HotSide,
  columns: readonly NumberedColumn[],
  limit: number | null,
): Promise<Changes> {
  const rows: SnapshotDiffDocument['changed'] = []
  let last: string | null = null
  for (const [key, column, old, now] of await desk.query(
    changedValues(columns, limit === null ? null : BigInt(limit)),
  )) {
    if (key !== last) rows.push({ key: keyJson(key ?? '[]'), values: [] })
    last = key ?? null
    rows.at(-1)?.values.push({ column: column ?? '', old: old ?? null, new: now ?? null })
  }
  return {
    columns: (await desk.query(changedColumns(columns))).map(([column, n]) => ({
      column: column ?? '',
      rows: countJson(BigInt(n ?? '0')),
    })),
    rows,
  }
}
