/**
 * Times as whole numbers: nanoseconds since 1970 of an instant, or of what a clock shows, read as if it were UTC. A text
 * without an offset is either, as whoever asks knows. Tenths of a microsecond, which the server counts in, are exact.
 */

export const SECOND = 1_000_000_000n
export const MILLISECOND = 1_000_000n
export const MINUTE = 60n * SECOND
export const HOUR = 60n * MINUTE
export const DAY = 24n * HOUR

const TEXT =
  /^(?<day>\d{4}-\d\d-\d\d)(?:[ T](?<minute>\d\d:\d\d)(?::(?<second>\d\d)(?:\.(?<fraction>\d{1,9}))?)?(?: ?(?:Z|(?<sign>[+-])(?<hours>\d\d):(?<minutes>\d\d)))?)?$/

/** Days and times as SQL Server writes them in any style of ours. Throws a TypeError. */
export function nanosecondsOf(text: string): bigint {
  const g = TEXT.exec(text)?.groups
  if (g === undefined) throw new TypeError(`no time: ${text}`)
  const whole = `${g['day']}T${g['minute'] ?? '00:00'}:${g['second'] ?? '00'}Z`
  const offset = BigInt(g['hours'] ?? 0) * HOUR + BigInt(g['minutes'] ?? 0) * MINUTE
  const at = wholeSeconds(whole, text) * SECOND + BigInt((g['fraction'] ?? '').padEnd(9, '0'))
  return g['sign'] === '-' ? at + offset : at - offset
}

/** A day may be none: the 30th of February. */
function wholeSeconds(whole: string, text: string): bigint {
  try {
    return BigInt(Temporal.Instant.from(whole).epochMilliseconds) / 1000n
  } catch (error) {
    throw new TypeError(`no time: ${text}`, { cause: error })
  }
}

/** `2026-01-31 12:00:00`, and so many digits of the second, cut. */
export function textOfNanoseconds(at: bigint, digits: number): string {
  const seconds = floorTo(at, SECOND)
  const whole = Temporal.Instant.fromEpochMilliseconds(Number(seconds / MILLISECOND)).toString()
  const fraction = String(at - seconds)
    .padStart(9, '0')
    .slice(0, digits)
  return `${whole.slice(0, 10)} ${whole.slice(11, 19)}${digits === 0 ? '' : `.${fraction}`}`
}

/** The greatest multiple that is not above. */
export const floorTo = (at: bigint, step: bigint): bigint => at - (((at % step) + step) % step)
