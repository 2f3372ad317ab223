/** What a run needs, wired once in `app/wire.ts`. */
import type { Emit } from '@tidemark/contract/events'
import type { FlowSpec, Scope } from '@tidemark/contract/flow'
import type { GroupId, RunId } from '@tidemark/contract/ids'
import type { CaptureModes } from '../capture/capture-mode.ts'
import type { Actor, ControlStore, LeaseOwner } from '../control/control-store.ts'
import type { Bench, DialectModule } from '../dialects/contract.ts'
import type { Hit } from '../runtime/failpoint.ts'
import type { PlanWish } from './plan-flow.ts'
import type { WorkerPool } from './worker-pool.ts'

export interface OpenedBench extends AsyncDisposable {
  readonly bench: Bench
  readonly dialect: DialectModule
}

export interface RunDeps {
  readonly store: ControlStore
  readonly modes: CaptureModes
  readonly owner: LeaseOwner
  readonly leaseMs: number
  readonly by: Actor
  readonly emit: Emit
  readonly hit: Hit
  /** workers of the whole command: planning, capturing and each batch take one */
  readonly pool: WorkerPool
  /** how long to wait for a lease or a file that another holds */
  readonly waitMs: number
  /** The dialect that would open the flow's bench; nothing is opened. */
  dialect(definition: FlowSpec): Promise<DialectModule>
  /** Read mode writes nothing; write mode has the captured keys of that run. */
  openBench(definition: FlowSpec, run: RunId | null): Promise<OpenedBench>
  /** Forgets the captured keys of a run that ended. */
  removeWork(run: RunId): void
}

/** Two degrees of being asked to stop: finish the batches in flight, or roll them back. */
export interface Stop {
  readonly soft: AbortSignal
  readonly hard: AbortSignal
}

export interface FlowRequest {
  readonly definition: FlowSpec
  readonly scope: Scope
  readonly wish: PlanWish & { readonly fresh: boolean; readonly reason: string | null }
  readonly group: GroupId | null
}
