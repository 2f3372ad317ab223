/** Which window is safe to read, asked of the database that owns the positions. */
import type { PlannedPosition } from './contract.ts'

/** Who may still commit below the clock. */
export interface Ceiling {
  /** since when; null: nobody recorded it */
  readonly at: string | null
  readonly heldBy: string
}

export interface Moment {
  /** the source's clock in the position column's own terms; null for numbers */
  readonly clock: string | null
  /** start of the oldest transaction that may still commit below the clock; null: none is open */
  readonly ceiling: Ceiling | null
  /** numbers: the greatest value now, when no transaction is open that could commit below it; else null. Or what a dialect saw, in its own words */
  readonly look: string | null
  /** what the ceiling does not see, in words; null or absent: it sees all */
  readonly relies?: string | null
}
export interface BoundsRequest {
  readonly position: PlannedPosition
  readonly moment: Moment
  /** ms for times, a count for numbers */
  readonly buffer: bigint
  readonly watermark: string | null
  /** the look that an earlier run left */
  readonly earlierLook: string | null
}

export interface Bounds {
  readonly after: string | null
  /** null: nothing can be read safely yet */
  readonly upTo: string | null
  readonly decidedBy: 'clock' | 'buffer' | 'ceiling' | 'look' | 'xid' | 'rowversion'
  /** upTo <= watermark */
  readonly heldBack: boolean
  /** clock < watermark */
  readonly clockBelowWatermark: boolean
  /** who holds back, where that is not the moment's ceiling; absent: it is */
  readonly ceiling?: Ceiling | null
  /** what the ledger keeps for the next run; absent: the moment's look */
  readonly look?: string | null
}
