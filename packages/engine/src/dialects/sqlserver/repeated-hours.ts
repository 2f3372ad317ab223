/** Local times that a zone lives through twice, because its clocks go back. */

/** Clocks went back before, but no position of a table that is still loaded is as old. */
const SINCE = Temporal.Instant.from('1970-01-01T00:00Z')
const UNTIL = Temporal.Instant.from('2100-01-01T00:00Z')

const known = new Map<string, readonly (readonly [since: string, until: string])[]>()

const localText = (at: Temporal.ZonedDateTime): string => at.toPlainDateTime().toString({ smallestUnit: 'millisecond' })

/** `since <= local < until`, as ISO texts without a zone. `zone`: of the IANA database. */
export function repeatedHours(zone: string): readonly (readonly [since: string, until: string])[] {
  const before = known.get(zone)
  if (before !== undefined) return before
  const hours: [string, string][] = []
  let at = SINCE.toZonedDateTimeISO(zone)
  for (;;) {
    const next = at.getTimeZoneTransition('next')
    if (next === null || Temporal.Instant.compare(next.toInstant(), UNTIL) > 0) break
    const lost = next.subtract({ nanoseconds: 1 }).offsetNanoseconds - next.offsetNanoseconds
    if (lost > 0) hours.push([localText(next), localText(next.add({ nanoseconds: lost }))])
    at = next
  }
  known.set(zone, hours)
  return hours
}
