/** Fixes, once per run, which rows it reads and in which batches: the neutral algorithm over a work area. */
import { formatTableName } from '@tidemark/contract/table-name'
import type { OrphanPolicy } from '@tidemark/contract/flow'
import type {
  CapturedBatch,
  CapturedRanges,
  FlowRelation,
  KeyCheck,
  RangesAlone,
  Selection,
  WorkArea,
} from '../dialects/contract.ts'
import type { Orphan } from '../dialects/orphan.ts'
import { queueOf } from '../dialects/planned-steps.ts'

import { AppError } from '../runtime/app-error.ts'
import { closeTree } from './close-tree.ts'

export interface CaptureRequest {
  readonly relation: FlowRelation
  readonly selection: Selection
  /** null: fail, but skip below an excluded key */
  readonly orphans: OrphanPolicy | null
  readonly batch: { readonly rows: number; readonly bytes: number }
  /** 1, and one more for each time that the run captures again */
  readonly epoch: number
  /** ranges of the capture before this one whose batches are in */
  readonly done: readonly { readonly first: bigint; readonly last: bigint }[]
  /** batches of the capture before this one that are not in, where it was one of ranges */
  readonly left: readonly CapturedBatch[] | null
  /** position rows without a main row are remembered */
  readonly remembersUnmatched: boolean
}

export interface CaptureReport {
  readonly batches: readonly CapturedBatch[]
  readonly rows: bigint
  readonly unmatched: readonly { readonly key: string; readonly alias: string; readonly position: string | null }[]
  readonly found: readonly string[]
  /** left out and looked at again by later runs */
  readonly skipped: readonly Orphan[]
  readonly quarantined: readonly Orphan[]
  /** of `selection.again`, those that are captured now */
  readonly deliveredAgain: readonly string[]
}

export async function captureRows(work: WorkArea | RangesAlone, r: CaptureRequest): Promise<CaptureReport> {
  // rows that are in already, and those looked at again, are known by their keys alone where there are captured keys
  const byRanges = !work.capturesKeys || (r.epoch === 1 && r.selection.again.length === 0)
  const ranges = byRanges
    ? await work.ranges({ relation: r.relation, selection: r.selection, size: r.batch, left: r.left })
    : null
  if (ranges !== null) return await withoutKeys(work, ranges, r)
  if (!work.capturesKeys) throw new TypeError('neither ranges nor keys')
  return await captureKeys(work, r)
}

async function withoutKeys(
  work: WorkArea | RangesAlone,
  { check, batches }: CapturedRanges,
  r: CaptureRequest,
): Promise<CaptureReport> {
  refuseBadKeys(check, r.relation)
  const rows = batches.reduce((n, b) => n + b.rows, 0n)
  const { window, unmatched, again } = r.selection
  return {
    batches,
    rows,
    // one table that is read by row numbers has no joins
    unmatched: !work.capturesKeys && r.remembersUnmatched && window ? await work.unmatched(window) : [],
    found: work.capturesKeys ? [] : await work.found(unmatched),
    skipped: [],
    quarantined: [],
    deliveredAgain: again.length === 0 ? [] : await work.captured(again),
  }
}

async function captureKeys(work: WorkArea, r: CaptureRequest): Promise<CaptureReport> {
  await work.start(r.relation, r.epoch, r.done)
  await work.select(r.selection)
  refuseBadKeys(await work.checkKeys(), r.relation)
  const tree = r.relation.tree === null ? { skipped: [], quarantined: [] } : await closeTree(work, r.orphans)
  const unmatched = r.remembersUnmatched && r.selection.window ? await work.unmatched(r.selection.window) : []
  const found = await work.found(r.selection.unmatched)
  const batches = await work.cut(r.batch.rows, r.batch.bytes)
  return {
    batches,
    rows: batches.reduce((n, b) => n + b.rows, 0n),
    unmatched,
    found,
    ...tree,
    deliveredAgain: await work.captured(r.selection.again),
  }
}

function refuseBadKeys(check: KeyCheck, r: FlowRelation): void {
  const key = r.key.map((k) => k.source).join(', ')
  const table = `${queueOf(r) === null ? '' : 'the queue of step rows, over '}${formatTableName(r.source.table)}`
  if (check.nullKeys > 0n) throw new AppError('TM4004', `${check.nullKeys} rows of ${table} have NULL in ${key}`)
  if (check.duplicates.length > 0) {
    const joins = r.source.joins.length > 0 ? ' (a joined table with several rows for one also does this)' : ''
    throw new AppError('TM4005', `${table} has several rows for ${key} = ${check.duplicates.join(', ')}${joins}`)
  }
}
