/** Where a moment is asked, what is known of the place, and who is at work there. */
import type { Sql } from '../sql-text.ts'
import { CLOCK, type ServerZone } from './activity.sql.ts'
import { ask, type Asking, NotShown, type Rows } from './ask.ts'
import { asked, HERE, type PositionPlace, placeText } from './place.ts'
import { ALONE, sight, type Sighting } from './sighting.ts'
import { clockOfCopy, type Standing, standingOf } from './standing.ts'

export interface Scene {
  readonly asking: Asking
  readonly place: PositionPlace
  readonly standing: Standing
  readonly zone: ServerZone
  /** why the database that has the position is not asked, that of a linked server mostly; null: it is */
  readonly apart: string | null
}

/** of a server that says nothing of itself */
const UNKNOWN: Standing = { single: false, copy: 'primary', inMemory: false, grant: null, namesZone: false }

/** `zoneOf`: asked once for each server. */
export async function sceneOf(
  asking: Asking,
  wanted: PositionPlace,
  zoneOf: (place: PositionPlace, standing: Standing) => Promise<ServerZone>,
): Promise<Scene> {
  const there = await standingOf(asking, wanted)
  const silent = there instanceof NotShown
  // for one that is not asked, this server's clock has to do
  const place = silent ? HERE : wanted
  const found = silent ? await standingOf(asking, HERE) : there
  const standing = found instanceof NotShown ? UNKNOWN : found
  const apart =
    silent && wanted.database !== null
      ? `${placeText(wanted)} is not asked for its clock and its open transactions (${there.words})`
      : null
  return { asking, place, standing, zone: await zoneOf(place, standing), apart }
}

/** In the database that has the position. */
export const askThere = ({ asking, place }: Scene, statement: Sql): Promise<Rows> =>
  ask(asking, asked(place, statement))

export interface ServerClock {
  /** UTC; null: a copy that does not show up to when it is one */
  readonly clock: string | null
  /** who keeps the clock from being known */
  readonly without: string | null
}

export async function clockOf(scene: Scene): Promise<ServerClock> {
  const { asking, place, standing, zone } = scene
  if (standing.copy === 'primary') return { clock: (await askThere(scene, CLOCK))[0]?.[0] ?? null, without: null }
  const { at, without } = await clockOfCopy(asking, place, zone, standing)
  return { clock: at, without }
}

export async function sightFrom({ asking, place, standing, zone, apart }: Scene): Promise<Sighting> {
  // nobody writes into a copy, and who writes where it was made is not shown there
  if (apart !== null || standing.copy !== 'primary') return ALONE
  if (standing.grant !== null) return { ...ALONE, blind: standing.grant }
  return await sight(asking, place, zone, standing.inMemory)
}

/** What no ceiling of this server can tell, in words; null: nothing. */
export function reliesOn(
  { standing, zone, apart }: Scene,
  { hidden, blind }: Sighting,
  order: 'time' | 'number',
): string | null {
  const reasons: string[] = []
  if (standing.copy !== 'primary')
    reasons.push(
      `the source is a ${standing.copy} copy, which does not show the transactions that are open where it was made`,
    )
  if (apart !== null) reasons.push(apart)
  if (blind !== null) reasons.push(`the server does not show the transactions of others: ${blind}`)
  if (hidden.length > 0)
    reasons.push(
      `${hidden.length === 1 ? 'a transaction does' : `${hidden.length} transactions do`} not show when they began, first that ${hidden[0]?.who}`,
    )
  const all = reasons.length === 0 ? [] : [`what commits late is covered by the buffer alone: ${reasons.join('; ')}`]
  // of what is compared with its own clock no zone is needed
  if (order === 'time' && zone === null && reasons.length === 0)
    all.push(
      'the server does not name its time zone: its clock is taken to have been set back by an hour at most since the oldest transaction began',
    )
  return all.length === 0 ? null : all.join('; ')
}
