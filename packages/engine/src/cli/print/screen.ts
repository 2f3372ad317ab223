import type { Style } from './style.ts'

/** What the printing functions know about where they print. */
export interface Screen {
  readonly style: Style
  /** null: not a terminal, nothing is cut */
  readonly width: number | null
  readonly now: Temporal.Instant
  readonly zone: string
}
