/** Durations as people write them: one number and one unit, `250ms 90s 15m 4h 7d`. */
const UNIT_MS = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const
const PATTERN = /^(\d{1,12})(ms|s|m|h|d)$/

export const DURATION_FORM = 'a duration such as 90s, 15m, 4h or 7d'

/** Milliseconds, or null when the text is no duration. */
export function parseDuration(text: string): number | null {
  const match = PATTERN.exec(text)
  if (match === null) return null
  const ms = Number(match[1]) * UNIT_MS[match[2] as keyof typeof UNIT_MS]
  return Number.isSafeInteger(ms) ? ms : null
}

/** The shortest text that `parseDuration` reads as the same: 3600000 is `1h`. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0s'
  const [unit, size] = Object.entries(UNIT_MS).find(([, size]) => ms % size === 0) ?? ['ms', 1]
  return `${ms / size}${unit}`
}
