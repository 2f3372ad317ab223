/** A worker's place in a run: the claims it makes are good while it attends. */
import { scopeText } from '@tidemark/contract/flow'
import type { LedgerStore, RunRow } from '../control/control-store.ts'
import type { FlowPlan } from '../plan/flow-plan.ts'
import { AppError } from '../runtime/app-error.ts'
import { Heartbeat } from './heartbeat.ts'
import type { RunDeps } from './run-deps.ts'

export class Attendance implements AsyncDisposable {
  readonly #ledger: LedgerStore
  readonly #run: RunRow['id']
  readonly #worker: string
  readonly #lost = new AbortController()
  readonly #heartbeat: Heartbeat

  constructor({ store, owner, leaseMs }: RunDeps, run: RunRow['id'], token: bigint, sinceMs: number) {
    this.#ledger = store.ledger
    this.#run = run
    this.#worker = owner.worker
    this.#heartbeat = new Heartbeat(
      sinceMs,
      leaseMs,
      async () => ((await this.#ledger.attend(run, token, owner.worker, leaseMs)) ? 'held' : 'lost'),
      (why) => this.#lost.abort(new AppError('TM3002', `${run}: the place of worker ${owner.worker} ${why}`)),
    )
  }

  /** Aborted, with TM3002 as reason, when the run ended, is owned under another token, or this worker's time was up. */
  get lost(): AbortSignal {
    return this.#lost.signal
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#heartbeat.stop()
    // its time runs out by itself, and another error is the one to tell
    await this.#ledger.leave(this.#run, this.#worker).catch(() => {})
  }
}

/** Throws TM3002 where the token is not that of the run's present holder. */
export async function attend(deps: RunDeps, plan: FlowPlan, run: RunRow['id'], token: bigint): Promise<Attendance> {
  const since = performance.now()
  if (!(await deps.store.ledger.join(run, token, deps.owner, deps.leaseMs)))
    throw new AppError('TM3002', `${plan.flow}: ${run} is not run under token ${token} any more`)
  deps.emit('worker:joined', { run, flow: plan.flow, scope: scopeText(plan.scope), worker: deps.owner.worker, token })
  return new Attendance(deps, run, token, since)
}
