/** How many rows a run may still keep out. Batches side by side share it. */
import { AppError } from '../runtime/app-error.ts'

export class RejectBudget {
  readonly #max: bigint
  /** less what the ledger had recorded then: what it records later is out besides */
  readonly #before: bigint
  #taken: bigint

  /** Throws TM5012 where more are out already, by the capture or by batches that are in. */
  constructor(max: number, taken: bigint, recorded = 0n) {
    this.#max = BigInt(max)
    this.#taken = taken
    this.#before = taken - recorded
    this.refuseBeyond(0n)
  }

  /** What the ledger counts by now, batches of other processes among them. Throws TM5012 where that is too many. */
  learn(recorded: bigint): void {
    const known = this.#before + recorded
    if (known > this.#taken) this.#taken = known
    this.refuseBeyond(0n)
  }

  get left(): bigint {
    return this.#max - this.#taken
  }

  /** Throws TM5012 where so many more are too many. */
  refuseBeyond(more: bigint): void {
    const all = this.#taken + more
    if (all > this.#max) throw new AppError('TM5012', `${all} rows, of at most ${this.#max}`, { facts: { rows: all } })
  }

  /** Of a batch that is about to commit; given back unless it did. */
  take(rows: bigint): Disposable & { keep(): void } {
    this.refuseBeyond(rows)
    this.#taken += rows
    let kept = false
    return {
      keep: () => {
        kept = true
      },
      [Symbol.dispose]: () => {
        if (!kept) this.#taken -= rows
      },
    }
  }
}
