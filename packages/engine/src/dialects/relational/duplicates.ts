/** A duplicate that the target refuses although every row was looked at before it landed. */
import { AppError } from '../../runtime/app-error.ts'
import type { BatchKey } from '../contract.ts'

/**
 * Somebody else may have taken the key or the value since: then that is seen when the batch is tried again. What is
 * refused then too is of a constraint that no row can be asked about before: over columns that the flow does not fill or
 * the database computes, over expressions, or over some rows only.
 */
export class Duplicates {
  readonly #isDuplicate: (error: unknown) => error is AppError
  readonly #batches = new Set<string>()

  constructor(isDuplicate: (error: unknown) => error is AppError) {
    this.#isDuplicate = isDuplicate
  }

  async toldIn<T>({ run, step, batch }: BatchKey, landing: Promise<T>): Promise<T> {
    try {
      return await landing
    } catch (error) {
      if (!this.#isDuplicate(error)) throw error
      const name = `${run} ${step} ${batch}`
      const code = this.#batches.has(name) ? 'TM5010' : 'TM5003'
      this.#batches.add(name)
      throw new AppError(code, error.detail, { cause: error, facts: error.facts })
    }
  }
}
