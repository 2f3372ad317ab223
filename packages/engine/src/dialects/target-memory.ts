import type { SettledMarker } from './contract.ts'

/** What a target remembers of every store that ever wrote there, and how the tables asked about stand. */
export interface TargetMemory {
  /** of the tables that `prepareTarget` makes: those that are not there yet */
  readonly unprepared: readonly string[]
  readonly fences: readonly { readonly store: string; readonly flow: string; readonly token: bigint }[]
  readonly settled: readonly (SettledMarker & { readonly flow: string })[]
  /** runs whose batches are marked as in */
  readonly marked: readonly { readonly store: string; readonly flow: string; readonly run: string }[]
  /** in the order asked */
  readonly tables: readonly ('missing' | 'empty' | 'filled')[]
}
