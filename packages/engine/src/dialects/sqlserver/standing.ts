/** What a moment is asked of: the server's version and zone, what the database is, and what this login is shown of others. */
import type { ServerZone } from './activity.sql.ts'
import { type Asking, askMaybe, NotShown } from './ask.ts'
import { asked, type PositionPlace } from './place.ts'
import { knownZone, NAMED_ZONE, secondaryClock, snapshotClock, STANDING, ZONE_OF_MACHINE } from './standing.sql.ts'
import type { Sql } from '../sql-text.ts'

/** primary: rows are written here, if anywhere · the others are copies, in which nobody does */
export type Copy = 'primary' | 'secondary' | 'standby' | 'snapshot'

export interface Standing {
  /** a service of one database, which is all that it shows */
  readonly single: boolean
  readonly copy: Copy
  /** has, or may get, tables in memory */
  readonly inMemory: boolean
  /** what would show this login the transactions of others; null: it is shown them */
  readonly grant: string | null
  readonly namesZone: boolean
}

/** SERVERPROPERTY('EngineEdition'): databases of Azure SQL and of Fabric */
const OF_ONE_DATABASE: ReadonlySet<string> = new Set(['5', '11', '12'])
const MANAGED_INSTANCE = '8'
/** SQL Server 2022 */
const NAMES_ITS_ZONE = 16

const quoted = (name: string | null | undefined): string => `[${(name ?? '').replaceAll(']', ']]')}]`

export async function standingOf(asking: Asking, place: PositionPlace): Promise<Standing | NotShown> {
  const rows = await askMaybe(asking, asked(place, STANDING))
  if (rows instanceof NotShown) return rows
  const [edition, version, writable, readOnly, standby, snapshot, server, performance, database, inMemory, login] =
    rows[0] ?? []
  const single = OF_ONE_DATABASE.has(edition ?? '')
  const named = Number(version ?? 0) >= NAMES_ITS_ZONE
  const shown = [server, performance, ...(single ? [database] : [])].includes('1')
  const right = single ? 'VIEW DATABASE STATE' : named ? 'VIEW SERVER PERFORMANCE STATE' : 'VIEW SERVER STATE'
  return {
    single,
    copy:
      snapshot === '1'
        ? 'snapshot'
        : standby === '1'
          ? 'standby'
          : writable === '0' && readOnly !== '1'
            ? 'secondary'
            : 'primary',
    inMemory: inMemory === '1',
    grant: shown ? null : `GRANT ${right} TO ${quoted(login)}`,
    namesZone: single || named || edition === MANAGED_INSTANCE,
  }
}

/** The server's own zone; what the machine has for its own is not shown to every login. */
export async function findZone(asking: Asking, place: PositionPlace, standing: Standing): Promise<ServerZone> {
  const told = await askMaybe(asking, asked(place, standing.namesZone ? NAMED_ZONE : ZONE_OF_MACHINE))
  if (told instanceof NotShown) return null
  const name = told[0]?.[0]?.split('\0')[0]?.trim()
  if (!name) return null
  const known = await askMaybe(asking, asked(place, knownZone(name)))
  return known instanceof NotShown ? null : (known[0]?.[0] ?? null)
}

/** UTC up to which a copy holds what was committed; or who keeps it from saying. */
export async function clockOfCopy(
  asking: Asking,
  place: PositionPlace,
  zone: ServerZone,
  standing: Standing,
): Promise<{ readonly at: string | null; readonly without: string }> {
  const without = `that may be open where this ${standing.copy} copy comes from: it does not show how far it has come`
  const statement = clockStatement(standing, zone)
  if (statement === null) return { at: null, without }
  const rows = await askMaybe(asking, asked(place, statement))
  if (rows instanceof NotShown) return { at: null, without: `${without} (${standing.grant ?? rows.words})` }
  return { at: rows[0]?.[0] ?? null, without }
}

function clockStatement({ copy, single }: Standing, zone: ServerZone): Sql | null {
  if (copy === 'secondary') return secondaryClock(zone, single)
  return copy === 'snapshot' ? snapshotClock(zone) : null
}
