/** Clock, then ceiling, and for numbers the greatest of them, each by a statement of its own outside of any snapshot. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { PostgresSession } from '../../drivers/postgres.ts'
import type { Moment } from '../bounds.ts'
import type { PlannedPosition } from '../contract.ts'
import { ident, param, type Sql, sql } from '../sql-text.ts'
import { oldestXid } from './activity.sql.ts'
import { isBefore } from './look.ts'
import { query } from './run-sql.ts'
import { type PreparedTransaction, sight, type Sighting, whoText } from './sighting.ts'
import { isInstant } from './types.ts'

export interface Asking {
  /** never in a transaction */
  readonly session: PostgresSession
  readonly where: string
  readonly readOnlyRoles: readonly string[]
  /** called after the clock and before the ceiling is read; a test's late transaction begins there */
  readonly between: () => Promise<void>
}

/** What `moment` saw, for `bounds`. */
export interface Seen {
  /** of the server, an instant; null: a replica that has replayed nothing yet */
  readonly clock: string | null
  /** start of the oldest open transaction; null: none is open */
  readonly oldest: { readonly since: string; readonly who: string } | null
  readonly prepared: readonly PreparedTransaction[]
  /** numbers: the greatest one, an instant after it was read, and whether all that was open then has ended */
  readonly number: { readonly value: string; readonly at: string; readonly settled: boolean } | null
  /** xid: all of them up to this one have ended */
  readonly xid: string | null
}

export const seenOf = (moment: Moment): Seen => JSON.parse(moment.look ?? '{}') as Seen

const NOTHING: Seen = { clock: null, oldest: null, prepared: [], number: null, xid: null }

/** An instant as the column would hold it; in the type that arithmetic is done in. */
export const inColumnTerms = (position: PlannedPosition, at: Sql): Sql =>
  isInstant(position.type) ? at : sql`(${at} AT TIME ZONE ${param(position.zone ?? 'UTC')})`

const CLOCK = sql`(SELECT r, CASE WHEN r THEN pg_last_xact_replay_timestamp() ELSE clock_timestamp() END AS at
  FROM (SELECT pg_is_in_recovery() AS r) AS q OFFSET 0) AS c`

const oldestOf = ({ open }: Sighting): Seen['oldest'] => {
  const [first] = open
  return first?.since == null ? null : { since: first.since, who: first.who }
}

export async function timeMoment(asking: Asking, position: PlannedPosition, foreign: boolean): Promise<Moment> {
  const { session, where } = asking
  const now = sql`SELECT c.r, CAST(c.at AS text), CAST(${inColumnTerms(position, sql`c.at`)} AS text) FROM ${CLOCK}`
  const [clock] = await query(session, now, where, 'TM4019')
  await asking.between()
  const sighting = await sight(session, asking.readOnlyRoles, where)
  const oldest = oldestOf(sighting)
  const at = oldest === null ? null : await instantInTerms(asking, position, oldest.since)
  const seen: Seen = { ...NOTHING, clock: clock?.[1] ?? null, oldest, prepared: sighting.prepared }
  return {
    clock: clock?.[2] ?? null,
    ceiling: oldest === null || at === null ? null : { at, heldBy: oldest.who },
    look: JSON.stringify(seen),
    relies: reliesOn(sighting, clock?.[0] === 't', foreign, session.options.user),
  }
}

export async function instantInTerms(
  asking: Asking,
  position: PlannedPosition,
  instant: string,
): Promise<string | null> {
  const at = sql`CAST(${param(instant)} AS timestamp with time zone)`
  const [row] = await query(
    asking.session,
    sql`SELECT CAST(${inColumnTerms(position, at)} AS text)`,
    asking.where,
    'TM4019',
  )
  return row?.[0] ?? null
}

/** What no ceiling of this server can tell, in words. */
function reliesOn(sighting: Sighting, isReplica: boolean, foreign: boolean, user: string): string | null {
  const reasons: string[] = []
  const { hidden } = sighting
  if (isReplica)
    reasons.push('the source is a replica, which does not show the transactions that are open on its primary')
  if (foreign) reasons.push('the position is in a foreign table, whose server is not asked for its open transactions')
  if (hidden.length > 0)
    reasons.push(
      `${hidden.length === 1 ? 'a session does' : `${hidden.length} sessions do`} not show when their transactions began, first that ${hidden[0]?.who}: GRANT pg_read_all_stats TO ${user}, or track_activities`,
    )
  return reasons.length === 0 ? null : `what commits late is covered by the buffer alone: ${reasons.join('; ')}`
}

const SETTLES_WITHIN_MS = 500
const POLL_MS = 25

/**
 * The greatest number, then the clock, then who is at work. Whoever was given a smaller number has begun before that
 * clock: short transactions are waited for, the others by later runs.
 */
export async function numberMoment(
  asking: Asking,
  { ref }: PlannedPosition,
  table: Sql,
  facts: { readonly foreign: boolean; readonly cached: string | null },
): Promise<Moment> {
  const { session, where } = asking
  const greatest = sql`SELECT CAST(max(${ident(ref.column)}) AS text) FROM ${table}`
  const value = (await query(session, greatest, where, 'TM4019'))[0]?.[0] ?? null
  // a replica's clock says nothing of who is at work on its primary
  const now = sql`SELECT c.r, CAST(c.at AS text) FROM ${CLOCK}`
  const [clock] = await query(session, now, where, 'TM4019')
  const at = clock?.[1] ?? null
  await asking.between()
  let sighting = await sight(session, asking.readOnlyRoles, where)
  const first = sighting
  for (const until = performance.now() + SETTLES_WITHIN_MS; ; ) {
    const busy = isBusy(sighting, at)
    if (!busy || sighting.prepared.length > 0 || performance.now() > until) break
    await sleep(POLL_MS)
    sighting = await sight(session, asking.readOnlyRoles, where)
  }
  const settled = at !== null && !isBusy(sighting, at) && sighting.prepared.length === 0
  const oldest = oldestOf(sighting)
  const relies = [
    reliesOn(first, clock?.[0] === 't', facts.foreign, session.options.user),
    ...(facts.cached === null ? [] : [facts.cached]),
  ].filter((x) => x !== null)
  const seen: Seen = {
    ...NOTHING,
    clock: at,
    oldest,
    prepared: sighting.prepared,
    number: value === null || at === null ? null : { value, at, settled },
  }
  const [prepared] = sighting.prepared
  const holder =
    oldest === null
      ? prepared === undefined
        ? null
        : { at: null, heldBy: prepared.who }
      : { at: oldest.since, heldBy: oldest.who }
  return {
    clock: null,
    ceiling: settled ? null : holder,
    look: JSON.stringify(seen),
    relies: relies.length === 0 ? null : relies.join('; '),
  }
}

const isBusy = ({ open }: Sighting, at: string | null): boolean => {
  const since = open[0]?.since
  return since != null && at !== null && !isBefore(at, since)
}

/** Everything below the oldest transaction id that is still open has ended, on a replica too. */
export async function xidMoment(asking: Asking): Promise<Moment> {
  const { session, where } = asking
  await asking.between()
  const [row] = await query(session, oldestXid, where, 'TM4019')
  const [upTo, none, pid, user, application, since, age, gid] = row ?? []
  const heldBy =
    gid != null
      ? `prepared as ${JSON.stringify(gid)}`
      : pid == null
        ? `number ${BigInt(upTo ?? '0') + 1n}`
        : whoText(pid, user, application, age)
  return {
    clock: null,
    ceiling: none === 't' ? null : { at: since ?? null, heldBy },
    look: JSON.stringify({ ...NOTHING, xid: upTo ?? null } satisfies Seen),
  }
}
