/** The path of one row. Read this first; every line is one folder. */
import type { RowCounts } from '@tidemark/contract/row-counts'
import type { BatchKey, Bench, CapturedBatch, FenceKey, FlowRelation, Selection } from '../dialects/contract.ts'
import { mergeFor } from '../apply/merge-for.ts'
import { bringFor } from '../lane/bring-for.ts'
import type { Hit } from '../runtime/failpoint.ts'

export interface BatchDeps {
  readonly bench: Bench
  readonly fence: FenceKey
  readonly hit: Hit
  readonly hard: AbortSignal
}

export interface BatchWork {
  readonly key: BatchKey
  readonly relation: FlowRelation
  readonly selection: Selection
  readonly apply: string
  readonly lane: string
  readonly split: CapturedBatch
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
  const staged = await bringFor(work.lane)(bench, tx, work) //                            lane/   how the rows travel
  await hit('batch:staged')
  const counts = await mergeFor(work.apply)(bench, tx, work, staged) //                   apply/  how they land
  await hit('batch:before-commit')
  deps.hard.throwIfAborted()
  await tx.commit(counts) //                                                              data and marker, one commit
  await hit('batch:after-commit')
  return { counts, alreadyIn: false }
}

function abortsWith(signal: AbortSignal, abort: () => void): Disposable {
  signal.addEventListener('abort', abort)
  return { [Symbol.dispose]: () => signal.removeEventListener('abort', abort) }
}
