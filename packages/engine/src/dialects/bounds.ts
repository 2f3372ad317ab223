/** Which window is safe to read, asked of the database that owns the positions. */
import type { Moment, PlannedPosition } from './contract.ts'

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
