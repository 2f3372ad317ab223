/** The path of one row. Read this first; every line is one folder. */
import type { RowCounts } from '@tidemark/contract/row-counts'
import type { BatchKey, Bench, CapturedBatch, FenceKey, FlowRelation, Selection } from '../dialects/contract.ts'
import type { BatchPart, RowPolicy } from '../dialects/row-policy.ts'
import { mergeFor } from '../apply/merge-for.ts'
import { bringFor } from '../lane/bring-for.ts'
import type { Hit } from '../runtime/failpoint.ts'
import type { RejectBudget } from './reject-budget.ts'

export interface BatchDeps {
  readonly bench: Bench
  readonly fence: FenceKey
  readonly hit: Hit
  readonly hard: AbortSignal
  /** Told when all rows of the batch are in the target's hands, and nothing is left but to commit them. */
  readonly moved?: () => void
}

export interface BatchWork {
  readonly key: BatchKey
  readonly relation: FlowRelation
  readonly selection: Selection
  readonly apply: string
  readonly lane: string
  readonly split: CapturedBatch
  /** null: all of it */
  readonly part: BatchPart | null
  readonly rows: RowPolicy
  readonly budget: RejectBudget
  /** 0-based: which of the workers, and so which slot of the fence */
  readonly worker: number
}

export interface BatchReport {
  readonly counts: RowCounts
  /** a former worker had committed it before it died */
  readonly alreadyIn: boolean
}

export async function runBatch(deps: BatchDeps, work: BatchWork): Promise<BatchReport> {
  const { bench, fence, hit } = deps
  await using tx = await bench.begin(work.relation, fence, work.key, work.worker) //      may I still write? is it in already?
  if (tx.alreadyIn) return { counts: tx.alreadyIn, alreadyIn: true }
  using _abort = abortsWith(deps.hard, () => tx.abort())
  await hit('batch:begun')
  const staged = await bringFor(work)(bench, tx, work) //                                 lane/   how the rows travel
  await hit('batch:staged')
  const counts = await mergeFor(work)(bench, tx, work, staged) //                         apply/  how they land
  await hit('batch:before-commit')
  deps.hard.throwIfAborted()
  using rejects = work.budget.take(counts.rejected) //                                     too many fail the run
  deps.moved?.() //                                                                       the next batch may begin
  await tx.commit(counts) //                                                              data, rejects and marker, one commit
  rejects.keep()
  await hit('batch:after-commit')
  return { counts, alreadyIn: false }
}

/** The same under the same fence, and rolled back: would these rows land? */
export async function tryPart(deps: BatchDeps, work: BatchWork): Promise<void> {
  await using tx = await deps.bench.begin(work.relation, deps.fence, work.key, work.worker)
  if (tx.alreadyIn) return
  using _abort = abortsWith(deps.hard, () => tx.abort())
  const staged = await bringFor(work)(deps.bench, tx, work)
  await mergeFor(work)(deps.bench, tx, work, staged)
}

function abortsWith(signal: AbortSignal, abort: () => void): Disposable {
  signal.addEventListener('abort', abort)
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', abort) }
}
