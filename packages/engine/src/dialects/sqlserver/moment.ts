/** Clock, then ceiling, and for numbers the greatest of them before both, each by a statement of its own outside of any snapshot. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Moment } from '../bounds.ts'
import type { PlannedPosition } from '../contract.ts'
import type { Sql } from '../sql-text.ts'
import { CLOCK, rowVersions } from './activity.sql.ts'
import { ask } from './ask.ts'
import { nanosecondsOf, SECOND } from './nanoseconds.ts'
import { positionTerms } from './position-terms.ts'
import { rowVersionText } from './row-version.ts'
import { askThere, clockOf, reliesOn, type Scene, type ServerClock, sightFrom } from './scene.ts'
import type { OpenTransaction, Sighting } from './sighting.ts'

/** What `moment` saw, for `bounds`. Times are UTC. */
export interface Seen extends ServerClock {
  /** start of the oldest open transaction, or an instant before it; null: none is open */
  readonly oldest: { readonly since: string; readonly who: string } | null
  /** numbers: the greatest one, an instant after it was read, and whether all that was open then has ended */
  readonly number: { readonly value: string; readonly at: string; readonly settled: boolean } | null
  /** all of them up to this one are committed, or never will be */
  readonly rowVersion: string | null
}

export const seenOf = (moment: Moment): Seen => JSON.parse(moment.look ?? '{}') as Seen

const NOTHING: Seen = { clock: null, without: null, oldest: null, number: null, rowVersion: null }

/** With its age at that time, for people. */
function oldestOf({ open }: Sighting, clock: string | null): Seen['oldest'] {
  const [first] = open
  if (first?.since == null) return null
  return { since: first.since, who: clock === null ? first.who : `${first.who}, ${ageText(first.since, clock)} old` }
}

function ageText(since: string, clock: string): string {
  const s = Math.max(0, Number((nanosecondsOf(clock) - nanosecondsOf(since)) / SECOND))
  return s < 120 ? `${s} s` : s < 7200 ? `${Math.floor(s / 60)} min` : `${Math.floor(s / 3600)} h`
}

export async function timeMoment(scene: Scene, position: PlannedPosition): Promise<Moment> {
  const clock = await clockOf(scene)
  await scene.asking.between()
  const sighting = await sightFrom(scene)
  const oldest = oldestOf(sighting, clock.clock)
  const terms = positionTerms(position)
  const shown = (utc: string): string => terms.formatFine(terms.readingAt(nanosecondsOf(utc)))
  return {
    clock: clock.clock === null ? null : shown(clock.clock),
    ceiling: oldest === null ? null : { at: shown(oldest.since), heldBy: oldest.who },
    look: JSON.stringify({ ...NOTHING, ...clock, oldest } satisfies Seen),
    relies: reliesOn(scene, sighting, 'time'),
  }
}

const SETTLES_WITHIN_MS = 500
const POLL_MS = 25

/**
 * The greatest number, then the clock, then who is at work. Whoever was given a smaller number has begun before that
 * clock: short transactions are waited for, the others by later runs.
 */
export async function numberMoment(scene: Scene, greatest: Sql): Promise<Moment> {
  const value = (await ask(scene.asking, greatest))[0]?.[0] ?? null
  const at = (await askThere(scene, CLOCK))[0]?.[0] ?? null
  await scene.asking.between()
  const first = await sightFrom(scene)
  let sighting = first
  for (const until = performance.now() + SETTLES_WITHIN_MS; isBusy(sighting, at) && performance.now() < until; ) {
    await sleep(POLL_MS)
    sighting = await sightFrom(scene)
  }
  const settled = at !== null && !isBusy(sighting, at)
  const oldest = oldestOf(sighting, at)
  const number = value === null || at === null ? null : { value, at, settled }
  return {
    clock: null,
    ceiling: settled || oldest === null ? null : { at: oldest.since, heldBy: oldest.who },
    look: JSON.stringify({ ...NOTHING, clock: at, oldest, number } satisfies Seen),
    relies: reliesOn(scene, first, 'number'),
  }
}

const isBusy = ({ open }: Sighting, at: string | null): boolean => {
  const since = open[0]?.since
  return since != null && at !== null && nanosecondsOf(since) <= nanosecondsOf(at)
}

/** Needs no clock, and no right to see others, who are named where they are shown. */
export async function rowVersionMoment(scene: Scene): Promise<Moment> {
  await scene.asking.between()
  const [row] = await askThere(scene, rowVersions)
  const [least, given] = [BigInt(row?.[0] ?? '0x0'), BigInt(row?.[1] ?? '0x0')]
  return {
    clock: null,
    ceiling: least > given ? null : await writerOf(scene, least),
    look: JSON.stringify({ ...NOTHING, rowVersion: rowVersionText(least - 1n) } satisfies Seen),
  }
}

async function writerOf(scene: Scene, least: bigint): Promise<Moment['ceiling']> {
  const { open } = await sightFrom(scene)
  const writer: OpenTransaction | undefined = open.find((t) => t.wroteHere)
  return writer === undefined
    ? { at: null, heldBy: `that wrote the row version ${rowVersionText(least)}` }
    : { at: writer.since, heldBy: writer.who }
}
