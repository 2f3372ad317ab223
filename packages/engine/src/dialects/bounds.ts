/** Which window is safe to read, asked of the database that owns the positions. */
import type { PlannedPosition } from './contract.ts'

export interface Moment {
  /** the source's clock in the position column's own terms; null for numbers */
  readonly clock: string | null
  /** start of the oldest transaction that may still commit below the clock; null: none is open */
  readonly ceiling: { readonly at: string; readonly heldBy: string } | null
  /** numbers: the greatest value now, when no transaction is open that could commit below it; else null */
  readonly look: string | null
}
export interface BoundsRequest {
  readonly position: PlannedPosition
  readonly moment: Moment
  /** ms for times, a count for numbers */
  readonly buffer: bigint
  readonly watermark: string | null
  /** numbers: the look of an earlier run */
  readonly earlierLook: string | null
}

export interface Bounds {
  readonly after: string | null
  /** null: nothing can be read safely yet */
  readonly upTo: string | null
  readonly decidedBy: 'clock' | 'buffer' | 'ceiling' | 'look'
  /** upTo <= watermark */
  readonly heldBack: boolean
  /** clock < watermark */
  readonly clockBelowWatermark: boolean
}
