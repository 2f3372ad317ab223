/** The batches of one wave that nobody has: claimed one by one, with the workers of other processes. */
import type { BatchRow } from '../control/control-store.ts'
import type { WaveRange } from '../control/run-workers.ts'
import { AppError } from '../runtime/app-error.ts'
import type { StepsContext } from './run-steps.ts'
import { stepName } from './step-names.ts'

export class FreeBatches {
  readonly #ctx: StepsContext
  readonly #batches: ReadonlyMap<number, BatchRow>
  readonly #range: WaveRange
  #from: number
  #claims = 0
  #open: number
  #saidWaiting = false

  /** `wave`: in the order of their numbers. */
  constructor(ctx: StepsContext, wave: readonly BatchRow[]) {
    const [first] = wave
    if (first === undefined) throw new TypeError('a wave has a batch')
    this.#ctx = ctx
    this.#batches = new Map(wave.map((b) => [b.batch, b]))
    this.#range = {
      step: first.step,
      first: first.batch,
      last: wave.at(-1)?.batch ?? first.batch,
      from: first.batch,
    }
    this.#from = first.batch
    this.#open = wave.length
  }

  /** By this worker: nobody needs to be asked whether any is left. */
  get allClaimed(): boolean {
    return this.#claims === this.#batches.size
  }

  /** Batches that were not in when none was free. */
  get open(): number {
    return this.#open
  }

  /** Once a wave: this worker has nothing to do but to wait for the others. */
  tellWaiting(): void {
    const { deps, run, plan, fence } = this.#ctx
    if (this.#saidWaiting) return
    this.#saidWaiting = true
    const waitsFor = `batches that others have: ${this.#open}`
    deps.emit('worker:waiting', { run, flow: plan.flow, scope: fence.scope, waitsFor })
  }

  /** One that was claimed here is another worker's now. */
  lost(): void {
    this.#claims -= 1
  }

  /** The next one, or null: others have those that are not in. Throws the error of one that failed with another worker. */
  async claim(): Promise<BatchRow | null> {
    const { deps, run, token, plan, fence } = this.#ctx
    const claim = await deps.store.ledger.claimNext(run, { ...this.#range, from: this.#from }, token, deps.owner.worker)
    const about = { run, flow: plan.flow, scope: fence.scope }
    if (claim.batch === null) {
      const { failed } = claim
      if (failed !== null) throw failedElsewhere(failed.code, failed.message)
      this.#open = claim.open
      this.#from = this.#range.first
      return null
    }
    const batch = this.#batches.get(claim.batch)
    if (batch === undefined) throw new AppError('TM3010', `${run} batch ${claim.batch} is new in its wave`)
    this.#from = claim.batch + 1
    this.#claims += 1
    const step = stepName(plan, batch.step)
    deps.emit('batch:claimed', { ...about, step, batch: claim.batch, attempt: claim.attempt })
    return batch
  }
}

/** The ledger has the whole message, with code and title. */
function failedElsewhere(code: AppError['code'], message: string): AppError {
  const title = new AppError(code, '').message
  return new AppError(code, message.startsWith(title) ? message.slice(title.length) : message)
}
