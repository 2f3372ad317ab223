/** Time zones of the IANA database, by `Temporal`. */
const FROM = Temporal.Instant.from('2020-01-01T00:00:00Z')
const TO = Temporal.Instant.from('2040-01-01T00:00:00Z')

/** A name such as Europe/London or UTC; an offset is no zone, because it says nothing about summer. */
export function isTimeZone(text: string): boolean {
  if (!/^[A-Za-z]/.test(text)) return false
  try {
    FROM.toZonedDateTimeISO(text)
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}

/** By how much local time is set back at most: within this much before the clock, a local stamp can repeat. */
export function largestBackwardStepMs(zone: string): number {
  let largest = 0
  let at: Temporal.ZonedDateTime | null = FROM.toZonedDateTimeISO(zone)
  while (at !== null && Temporal.Instant.compare(at.toInstant(), TO) < 0) {
    const before = at.subtract({ nanoseconds: 1 }).offsetNanoseconds
    largest = Math.max(largest, (before - at.offsetNanoseconds) / 1_000_000)
    at = at.getTimeZoneTransition('next')
  }
  return largest
}
