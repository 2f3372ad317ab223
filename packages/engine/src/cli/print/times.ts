/** Times in the zone of the person who looks, and spans in the two largest units. Positions are never converted: they are the source's own text. */
const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const

/** `20 ms`, `0.1 s`, `9.4 s`, `2 m 48 s`, `1 h 5 m` */
export function duration(ms: number): string {
  if (ms < 95) return `${Math.round(ms)} ms`
  if (ms < 9_950) return `${(ms / 1000).toFixed(1)} s`
  const seconds = Math.round(ms / 1000)
  const first = UNITS.findIndex(([, size]) => seconds >= size)
  const [unit, size] = UNITS[first] ?? UNITS[3]
  const rest = UNITS[first + 1]
  const whole = Math.floor(seconds / size)
  const left = rest === undefined ? 0 : Math.floor((seconds % size) / rest[1])
  return rest === undefined || left === 0 ? `${whole} ${unit}` : `${whole} ${unit} ${left} ${rest[0]}`
}

/** One unit: `7 m`, `1 h` */
export function lag(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000))
  const [unit, size] = UNITS.find(([, s]) => seconds >= s) ?? UNITS[3]
  return seconds === 0 ? '0' : `${Math.floor(seconds / size)} ${unit}`
}

/** `about 9 s left` */
export const leftText = (ms: number): string => `about ${lag(Math.max(1_000, ms))} left`

/** `4 m ago` */
export function age(instant: string, now: Temporal.Instant): string {
  const ms = now.epochMilliseconds - Temporal.Instant.from(instant).epochMilliseconds
  return ms < 1_000 ? 'just now' : `${lag(ms)} ago`
}

/** `2026-11-20 21:57:12`, without the offset: that stands once, in a heading. */
export function localTime(instant: string, zone: string): string {
  const { year, month, day, hour, minute, second } = Temporal.Instant.from(instant).toZonedDateTimeISO(zone)
  return `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}`
}

/** `10:02`, with the date in front where it is another day than `now`, in the zone of the person. */
export function clockTime(instant: string, now: Temporal.Instant, zone: string): string {
  const at = Temporal.Instant.from(instant).toZonedDateTimeISO(zone)
  const time = `${two(at.hour)}:${two(at.minute)}`
  return at.toPlainDate().equals(now.toZonedDateTimeISO(zone).toPlainDate())
    ? time
    : `${at.toPlainDate().toString()} ${time}`
}

/** `+01:00` at that moment. */
export const offset = (now: Temporal.Instant, zone: string): string => now.toZonedDateTimeISO(zone).offset

const two = (n: number): string => String(n).padStart(2, '0')

const INSTANT = /^\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)$/

/** A moment that is either an instant or the source's own text; the latter is shown as it is. */
export const whenText = (text: string, now: Temporal.Instant, zone: string): string =>
  INSTANT.test(text) ? clockTime(text, now, zone) : text
