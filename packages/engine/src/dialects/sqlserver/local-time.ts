/** What clocks show that are set forward and back, in a zone of the IANA database. Nanoseconds, as `nanoseconds.ts` has them. */
import { HOUR } from './nanoseconds.ts'

/** no zone sets its clocks back by more */
const LONGEST_STEP = 26n * HOUR

const zoned = (zone: string, instant: bigint): Temporal.ZonedDateTime =>
  Temporal.Instant.fromEpochNanoseconds(instant).toZonedDateTimeISO(zone)

const shown = (at: Temporal.ZonedDateTime): bigint => at.epochNanoseconds + BigInt(at.offsetNanoseconds)

export const readingAt = (zone: string, instant: bigint): bigint => shown(zoned(zone, instant))

/**
 * The least that the clocks show from that instant on: what they show then, or what they are set back to soon after. It
 * never goes back as time goes on.
 */
export function leastReadingFrom(zone: string, instant: bigint): bigint {
  const at = zoned(zone, instant)
  let least = shown(at)
  let change = at.getTimeZoneTransition('next')
  while (change !== null && change.epochNanoseconds < instant + LONGEST_STEP) {
    if (shown(change) < least) least = shown(change)
    change = change.getTimeZoneTransition('next')
  }
  return least
}

/** The last instant at which the clocks show that; of a reading that was left out, the one as long after the change. */
export function lastInstantOf(zone: string, reading: bigint): bigint {
  const plain = zoned('UTC', reading).toPlainDateTime()
  return plain.toZonedDateTime(zone, { disambiguation: 'later' }).epochNanoseconds
}
