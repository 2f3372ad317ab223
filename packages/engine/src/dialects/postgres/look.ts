/**
 * What a run remembers of a source for the runs after it, in the ledger. When a prepared transaction began is not recorded
 * anywhere, but one that was not prepared yet at a look was either open then, and the look's ceiling is not above its
 * start, or began after the look's clock. All times are instants as the server prints them.
 */

export interface Look {
  readonly clock: string
  /** start of the oldest transaction that was open and not prepared; the clock where there was none */
  readonly ceiling: string
  /** xid of what was prepared → an instant before its start; null: nobody knows one */
  readonly prepared: Readonly<Record<string, string | null>>
  readonly number: NumberLook | null
}

export interface NumberLook {
  /** all numbers up to it are in; null: none is known */
  readonly safe: string | null
  /** the greatest number that was seen, and when: safe once every transaction that was open then has ended */
  readonly pending: { readonly value: string; readonly at: string } | null
}

export const lookText = (look: Look): string => JSON.stringify(look)

/** null: none was left, or it is no look of this dialect: the flow had another source then. */
export function findLook(text: string | null): Look | null {
  if (text === null || !text.startsWith('{')) return null
  const look = JSON.parse(text) as Partial<Look>
  return typeof look.clock === 'string' && typeof look.ceiling === 'string'
    ? { clock: look.clock, ceiling: look.ceiling, prepared: look.prepared ?? {}, number: look.number ?? null }
    : null
}

/** Is the one instant before the other? Both are printed by the server under UTC: `2026-01-01 10:00:00.123+00`. */
export const isBefore = (a: string, b: string): boolean => instant(a) < instant(b)

/** microseconds */
function instant(text: string): bigint {
  const [, day = '', time = '', fraction = ''] = /^(\S+) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?\+00$/.exec(text) ?? []
  if (day === '') throw new TypeError(`no instant: ${text}`)
  const seconds = Temporal.Instant.from(`${day}T${time}Z`).epochMilliseconds / 1000
  return BigInt(seconds) * 1_000_000n + BigInt(fraction.padEnd(6, '0'))
}

export const least = (a: string, b: string): string => (isBefore(b, a) ? b : a)

/** An instant before the start of what is prepared; null: nobody knows one. */
export function startBound(
  earlier: Look | null,
  prepared: { readonly xid: string; readonly at: string },
): string | null {
  if (earlier === null) return null
  if (Object.hasOwn(earlier.prepared, prepared.xid)) return earlier.prepared[prepared.xid] ?? null
  return isBefore(earlier.clock, prepared.at) ? earlier.ceiling : null
}
