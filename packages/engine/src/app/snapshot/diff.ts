/** `tidemark snapshot diff`: two snapshots of a flow beside each other, down to the values. Only a file that is asked for is written. */
import { existsSync } from 'node:fs'
import type { SnapshotDiffDocument } from '@tidemark/contract/snapshot-documents'
import type { Desk } from '../../dialects/duckdb/desk.ts'
import { AppError } from '../../runtime/app-error.ts'
import { type Compared, compare, counted } from '../../snapshot/compare.ts'
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
import type { HotSide } from '../../snapshot/hot-side.ts'
import { type Images, presentOf } from '../../snapshot/judge.sql.ts'
import type { AppContext } from '../app-context.ts'
import { countJson } from '../run-json.ts'
import { knownFlow } from '../select-flows.ts'
import { chooseTwo, type TwoSnapshots, type TwoWanted } from './choose-two.ts'
import { chooseColumns, sampled, type Samples } from './samples.ts'
import { differenceJson, keyJson, openHot, schemaJson, snapshotsOf } from './snapshot-json.ts'

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
  const flow = knownFlow((await ctx.catalog('read')).flows, options.flow).id
  await using hot = await openHot(ctx, flow)
  const listed = hot === null ? [] : await snapshotsOf(await ctx.store('read'), flow, hot)
  const two = chooseTwo(flow, listed, options)
  if (hot === null) throw new TypeError('snapshots without a hot side')
  const images = { before: hot.image(two.before.row.id), now: hot.image(two.after.row.id) }
  for (const [path, { row }] of [
    [images.before, two.before],
    [images.now, two.after],
  ] as const)
    if (!existsSync(path))
      throw new AppError('TM4041', `the image of ${row.id} of ${flow}, whose values are to be shown`)
  using _stop = interruptedBy(signal, hot)
  try {
    return await difference(hot, two, images, { ...options, flow })
  } catch (error) {
    signal.throwIfAborted()
    throw error
  }
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
    await findDifferences(desk, { images, columns, changed: counts.changed, texts })
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
      key: [...after.row.key],
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

async function judged({ desk, catalog }: HotSide, { before, after }: TwoSnapshots, images: Images): Promise<Compared> {
  await desk.exec(presentOf(catalog, after.row.id))
  return await compare(desk, {
    catalog,
    before: { ...before.row, image: images.before },
    now: { ...after.row, image: images.now },
    exact: false,
  })
}

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
