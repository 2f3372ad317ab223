/** A snapshot's image, for a table that is made of it. */
import type { EngineLimits } from './contract.ts'
import type { Leaving } from './departure.ts'
import type { ForeignTypes } from './foreign-types.ts'

export interface ImageFile {
  readonly path: string
  readonly limits: EngineLimits
  /** with the embedded engine's names of their types */
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly logicalTypeOf: ForeignTypes
  /**
   * All rows, their columns in this order, by the wire `csv`; they take their time to be made ready, and room on the disk
   * until they are disposed of.
   */
  leave(): Promise<Leaving & Disposable>
  /** What LeavingFailed was caused by, in our words. */
  translate(error: unknown): Error
}
