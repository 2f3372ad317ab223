/** From what a moment saw to the window that is safe. Arithmetic is PostgreSQL's own, in the column's terms. */
import type { Bounds, BoundsRequest, Ceiling } from '../bounds.ts'
import type { PlannedPosition } from '../contract.ts'
import { catalogText, param, type Sql, sql } from '../sql-text.ts'
import { findLook, isBefore, least, type Look, lookText, type NumberLook, startBound } from './look.ts'
import { type Asking, instantInTerms, type Seen, seenOf } from './moment.ts'
import { WHOLE_NUMBERS } from './narrowing.ts'
import { query } from './run-sql.ts'
import { belowTick, castName, isInstant } from './types.ts'

type Rows = (statement: Sql) => Promise<readonly (readonly (string | null)[])[]>

/** What is prepared: an instant before the start of all of them, or the one of which none is known. */
function heldByPrepared(
  seen: Seen,
  earlier: Look | null,
): { readonly bounds: Look['prepared']; readonly oldest: { readonly at: string | null; readonly who: string } | null } {
  const bounds: Record<string, string | null> = {}
  let oldest: { at: string | null; who: string } | null = null
  for (const p of seen.prepared) {
    const at = startBound(earlier, p)
    bounds[p.xid] = at
    if (oldest === null || (oldest.at !== null && (at === null || isBefore(at, oldest.at)))) oldest = { at, who: p.who }
  }
  return { bounds, oldest }
}

/** For later runs. A replica that has replayed nothing has no clock to remember. */
function nextLook(
  seen: Seen,
  earlier: Look | null,
  prepared: Look['prepared'],
  number: NumberLook | null,
): string | null {
  if (seen.clock === null) return earlier === null ? null : lookText(earlier)
  const ceiling = seen.oldest === null ? seen.clock : least(seen.oldest.since, seen.clock)
  return lookText({ clock: seen.clock, ceiling, prepared, number })
}

export async function timeBounds(asking: Asking, request: BoundsRequest): Promise<Bounds> {
  const { position, moment, buffer, watermark } = request
  const rows: Rows = (statement) => query(asking.session, statement, asking.where, 'TM4019')
  const seen = seenOf(moment)
  const earlier = findLook(request.earlierLook)
  const prepared = heldByPrepared(seen, earlier)
  const look = nextLook(seen, earlier, prepared.bounds, null)
  const held: Ceiling | null =
    prepared.oldest === null
      ? null
      : {
          at: prepared.oldest.at === null ? null : await instantInTerms(asking, position, prepared.oldest.at),
          heldBy: prepared.oldest.who,
        }
  if (moment.clock === null || (held !== null && held.at === null)) {
    const ceiling = held ?? { at: null, heldBy: 'of a replica that has replayed none yet' }
    return { after: null, upTo: null, decidedBy: 'ceiling', heldBack: true, clockBelowWatermark: false, ceiling, look }
  }
  const wide = catalogText(isInstant(position.type) ? 'timestamp with time zone' : 'timestamp without time zone')
  const at = (text: string | null): Sql => sql`CAST(${param(text)} AS ${wide})`
  const back = sql`(CAST(${param(buffer)} AS bigint) * interval '1 millisecond')`
  const young = sql`(${at(moment.clock)} - ${back})`
  const [open, fixed] = [at(moment.ceiling?.at ?? null), at(held?.at ?? null)]
  const mark = sql`CAST(${param(watermark)} AS ${castName(position.type)})`
  const [row] =
    await rows(sql`SELECT CAST(q.up_to AS text), CAST(${belowTick(position.type, sql`(CAST(${mark} AS ${wide}) - ${back})`)} AS text),
  coalesce(least(${open}, ${fixed}) < ${young}, FALSE), coalesce(q.up_to <= ${mark}, FALSE), coalesce(${at(moment.clock)} < CAST(${mark} AS ${wide}), FALSE),
  coalesce(${fixed} < coalesce(${open}, 'infinity'), FALSE)
FROM (SELECT ${belowTick(position.type, sql`least(${young}, ${open}, ${fixed})`)} AS up_to) AS q`)
  const byCeiling = row?.[2] === 't'
  return {
    after: watermark === null ? null : buffer === 0n ? watermark : (row?.[1] ?? null),
    upTo: row?.[0] ?? null,
    decidedBy: byCeiling ? 'ceiling' : buffer > 0n ? 'buffer' : 'clock',
    heldBack: row?.[3] === 't',
    clockBelowWatermark: row?.[4] === 't',
    ceiling: row?.[5] === 't' ? held : moment.ceiling,
    look,
  }
}

/** The greatest number of an earlier look is safe once all that was open then has ended. */
function settledNumber(seen: Seen, earlier: Look | null, prepared: string | null | undefined): NumberLook {
  const before = earlier?.number ?? { safe: null, pending: null }
  if (seen.number?.settled === true) return { safe: seen.number.value, pending: null }
  const ended = (at: string): boolean =>
    (seen.oldest === null || isBefore(at, seen.oldest.since)) &&
    (prepared === undefined || (prepared !== null && isBefore(at, prepared)))
  const { pending } = before
  // one that still waits is kept, whatever came since: else it would never be the oldest
  if (pending !== null && !ended(pending.at)) return before
  const now = seen.number === null ? null : { value: seen.number.value, at: seen.number.at }
  return { safe: pending?.value ?? before.safe, pending: now }
}

/** no type holds less than its least; null: it has none */
const leastOf = (type: string): string | null => WHOLE_NUMBERS[type]?.min.toString() ?? null

export async function numberBounds(asking: Asking, request: BoundsRequest): Promise<Bounds> {
  const { position, moment, buffer, watermark } = request
  const seen = seenOf(moment)
  const earlier = findLook(request.earlierLook)
  const prepared = heldByPrepared(seen, earlier)
  const number = settledNumber(seen, earlier, prepared.oldest === null ? undefined : prepared.oldest.at)
  const numeric = (text: string | null): Sql => sql`CAST(${param(text)} AS numeric)`
  // no number above the watermark, but rows that came late may lie inside the overlap
  const within = buffer === 0n ? sql`<=` : sql`<`
  const [row] = await query(
    asking.session,
    sql`SELECT CAST(greatest(${numeric(watermark)} - ${numeric(String(buffer))}, ${numeric(leastOf(position.type))}) AS text), coalesce(${numeric(number.safe)} ${within} ${numeric(watermark)}, ${param(number.safe === null)}),
  coalesce(${numeric(seen.number?.value ?? null)} <= ${numeric(watermark)}, ${param(seen.number === null)})`,
    asking.where,
    'TM4019',
  )
  const nothingNew = row?.[2] === 't'
  return {
    after: watermark === null || buffer === 0n ? watermark : (row?.[0] ?? null),
    upTo: number.safe === null ? null : await fitting(asking, position, number.safe),
    decidedBy: 'look',
    heldBack: row?.[1] === 't',
    clockBelowWatermark: false,
    ceiling: nothingNew ? null : moment.ceiling,
    look: nextLook(seen, earlier, prepared.bounds, number),
  }
}

/** As text of the position's type. */
async function fitting(asking: Asking, position: PlannedPosition, text: string): Promise<string> {
  const value = sql`CAST(CAST(${param(text)} AS ${castName(position.type)}) AS text)`
  return (await query(asking.session, sql`SELECT ${value}`, asking.where, 'TM4019'))[0]?.[0] ?? text
}

/** Needs neither buffer nor look. */
export function xidBounds({ moment, watermark }: BoundsRequest): Bounds {
  const { xid } = seenOf(moment)
  return {
    after: watermark,
    upTo: xid,
    decidedBy: 'xid',
    heldBack: xid === null || (watermark !== null && BigInt(xid) <= BigInt(watermark)),
    clockBelowWatermark: false,
    look: null,
  }
}
