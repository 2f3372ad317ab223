/** The kinds of position that a model stamps its rows with, each with the windows it brings. Positions are bigints here: microseconds, or the number. */
import type { WatermarkOptions } from '@tidemark/contract/capture'

export interface PositionKind {
  readonly type: 'TIMESTAMP' | 'BIGINT'
  /** by how much a window overlaps the one before */
  readonly overlap: bigint
  readonly buffer: WatermarkOptions['buffer']
  /** rows are stamped that long ago, so that they are due at once */
  readonly behind: bigint
}

const MINUTE_US = 60_000_000n

/**
 * `clock`: no buffer, so the ceiling alone protects what commits late. `buffered`: late rows rely on the overlap.
 * `number`: a serial number, whose ceiling is the look. `overlapping`: a serial number with an overlap.
 */
export const POSITION_KINDS = {
  clock: { type: 'TIMESTAMP', overlap: 0n, buffer: { ms: 0 }, behind: 0n },
  buffered: { type: 'TIMESTAMP', overlap: MINUTE_US, buffer: { ms: 60_000 }, behind: MINUTE_US },
  number: { type: 'BIGINT', overlap: 0n, buffer: { count: 0n }, behind: 0n },
  overlapping: { type: 'BIGINT', overlap: 5n, buffer: { count: 5n }, behind: 0n },
} as const satisfies Record<string, PositionKind>

export type PositionKindName = keyof typeof POSITION_KINDS

/** `2026-11-20 21:57:12.44` or `42`, as the engine prints a position. */
export function parsePosition(kind: PositionKind, text: string): bigint {
  if (kind.type === 'BIGINT') return BigInt(text)
  return Temporal.Instant.from(`${text.replace(' ', 'T')}Z`).epochNanoseconds / 1000n
}

export function positionText(kind: PositionKind, position: bigint): string {
  if (kind.type === 'BIGINT') return String(position)
  return Temporal.Instant.fromEpochNanoseconds(position * 1000n)
    .toString({ fractionalSecondDigits: 6 })
    .replace('T', ' ')
    .replace('Z', '')
}

export const positionSql = (kind: PositionKind, position: bigint): string =>
  kind.type === 'BIGINT' ? String(position) : `make_timestamp(${position})`

/** A position behind what was read (`reach`), but inside the overlap; `back` percent of the way from its end to now. */
export function latePosition(kind: PositionKind, reach: bigint | null, now: bigint, back: number): bigint {
  if (reach === null) return now
  const oldest = reach - kind.overlap + 1n
  return oldest >= now ? now : oldest + ((now - oldest) * BigInt(back)) / 100n
}
