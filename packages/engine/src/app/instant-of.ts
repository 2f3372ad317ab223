/** Positions that are times, as instants: for a lag, and for watermarks that lie in the future. */
import type { FlowSpec } from '@tidemark/contract/flow'

export const zoneOf = (flow: FlowSpec): string => {
  const zone = (flow.capture.options as { readonly zone?: string | null } | null)?.zone
  return zone ?? 'UTC'
}

/** `2026-11-20 21:57:12.44` in that zone, or with an offset of its own; null: not a time. */
export function instantOf(text: string, zone: string): number | null {
  const match = /^(\d{4}-\d\d-\d\d)(?: (\d\d:\d\d:\d\d(?:\.\d{1,9})?)([+-]\d\d(?::?\d\d)?)?)?$/.exec(text)
  if (!match) return null
  const [, date, time = '00:00:00', offset] = match
  if (offset !== undefined) return Temporal.Instant.from(`${date}T${time}${offset}`).epochMilliseconds
  return Temporal.PlainDateTime.from(`${date}T${time}`).toZonedDateTime(zone).epochMilliseconds
}
