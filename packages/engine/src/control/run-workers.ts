/** Several workers on one run, as the ledger has them: who attends, and who has which batch. */
import type { ErrorCode } from '@tidemark/contract/error-codes'
import type { RunId } from '@tidemark/contract/ids'
import type { RunState } from '@tidemark/contract/states'
import type { LeaseOwner, StoreTime } from './control-store.ts'

/** What a worker that wants to join has to know. */
export interface RunWork {
  readonly state: RunState
  /** of the run's newest attempt; null: never begun */
  readonly token: bigint | null
  /** that token is the one of the flow's present holder */
  readonly held: boolean
  /** and its time has not run out */
  readonly live: boolean
  /** its batches may be claimed: the holder itself attends, under that token */
  readonly open: boolean
}

/** A worker that attends to a run: its owner, or one that joined. */
export interface WorkerRow extends LeaseOwner {
  /** it holds the flow's lease */
  readonly isOwner: boolean
  readonly token: bigint
  readonly joinedAt: StoreTime
  readonly expiresAt: StoreTime
  /** its claims may be taken over, and it never attends again under this id */
  readonly expired: boolean
}

/** The batches of one wave, by number; `from`: those before it were looked at already. */
export interface WaveRange {
  readonly step: number
  readonly first: number
  readonly last: number
  readonly from: number
}

export type Claim =
  | { readonly batch: number; readonly attempt: number }
  | {
      readonly batch: null
      /** batches of the wave that are not done: others have them */
      readonly open: number
      /** one of them failed under this token: the run is over */
      readonly failed: { readonly batch: number; readonly code: ErrorCode; readonly message: string } | null
    }

/** A part of the ledger. */
export interface RunWorkers {
  /**
   * `claim` of the first batch of the wave that is free: planned, of an older token, or claimed by a worker that attends
   * no more. One that failed under this token is not. Attempts + 1. Two workers never get the same one, unless the time
   * of the first ran out.
   */
  claimNext(id: RunId, wave: WaveRange, token: bigint, worker: string): Promise<Claim>
  /**
   * The worker enters under the token; the claims it makes are good while it attends. The owner's entry opens the
   * batches to others, and clears away the workers of older tokens. False: the token is not that of the run's holder.
   */
  join(id: RunId, token: bigint, worker: LeaseOwner, ttlMs: number): Promise<boolean>
  /** One more `ttlMs`. False: the lease was lost, the run ended, or the worker's time had run out. */
  attend(id: RunId, token: bigint, worker: string, ttlMs: number): Promise<boolean>
  /** What it still has is free at once. */
  leave(id: RunId, worker: string): Promise<void>
  findWork(id: RunId): Promise<RunWork>
  /** The longest at work first. */
  listWorkers(id: RunId): Promise<readonly WorkerRow[]>
}
