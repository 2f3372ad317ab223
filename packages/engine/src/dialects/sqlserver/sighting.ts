/** Who is at work on a server, as far as it shows them. */
import { inMemoryTransactions, openTransactions, type ServerZone } from './activity.sql.ts'
import { type Asking, askMaybe, NotShown, type Rows } from './ask.ts'
import { nanosecondsOf } from './nanoseconds.ts'
import { asked, type PositionPlace } from './place.ts'

export interface OpenTransaction {
  /** UTC, or an instant before; null: it is not shown */
  readonly since: string | null
  /** session, login and application, for people */
  readonly who: string
  /** it has written into the database that is asked */
  readonly wroteHere: boolean
}

export interface Sighting {
  /** oldest first; those that show when they began */
  readonly open: readonly OpenTransaction[]
  readonly hidden: readonly OpenTransaction[]
  /** what the server says where it shows none; null: it shows them */
  readonly blind: string | null
}

export const ALONE: Sighting = { open: [], hidden: [], blind: null }

/** A transaction in one of the sessions that have it. */
interface Part extends OpenTransaction {
  readonly id: string
  readonly owned: boolean
  readonly distributed: boolean
  readonly wrote: boolean
  /** the session that asks */
  readonly own: boolean
  /** a session that only reads, as long as it has not written */
  readonly reader: boolean
}

/** In the order of the columns of `openTransactions`. */
const partOf =
  (readOnlyLogins: ReadonlySet<string>) =>
  ([id, name, since, unit, wrote, wroteHere, session, login, application, own, reader]: Rows[number]): Part => ({
    id: id ?? '',
    since: since ?? null,
    who: session == null ? unownedText(name, unit) : whoText(session, login, application),
    owned: session != null,
    distributed: unit != null,
    wrote: wrote === '1',
    wroteHere: wroteHere === '1',
    own: own === '1',
    reader: reader === '1' || (login != null && readOnlyLogins.has(login)),
  })

const whoText = (session: string, login: string | null | undefined, application: string | null | undefined): string =>
  `of session ${session}, login ${login ?? 'unknown'}${application ? ` (${application})` : ''}`

const unownedText = (name: string | null | undefined, unit: string | null | undefined): string =>
  unit == null
    ? `${JSON.stringify(name)} that no session has`
    : `that no session has, of the distributed unit of work ${unit}`

/**
 * Left out: the session that asks, and readers that have written nothing. Of those without a session the distributed ones
 * count, which another server may end, and those that wrote; the rest are the server's own, and write nothing.
 */
function mayWrite(parts: readonly Part[]): boolean {
  const [first] = parts
  if (first === undefined) return false
  if (!first.owned) return first.distributed || first.wrote
  return !parts.every((p) => p.own || (p.reader && !p.wrote))
}

/** Of the rows of `openTransactions` and its like. */
export function transactionsOf(rows: Rows, readOnlyLogins: readonly string[]): Omit<Sighting, 'blind'> {
  const parts = Map.groupBy(rows.map(partOf(new Set(readOnlyLogins))), (p) => p.id)
  const all = [...parts.values()]
    .filter(mayWrite)
    .flatMap((p) => p.filter((x) => !x.own).slice(0, 1))
    .map(({ since, who, wroteHere }): OpenTransaction => ({ since, who, wroteHere }))
  return {
    open: all.filter((t) => t.since !== null).toSorted(bySince),
    hidden: all.filter((t) => t.since === null),
  }
}

function bySince(a: OpenTransaction, b: OpenTransaction): number {
  const [x, y] = [nanosecondsOf(a.since ?? ''), nanosecondsOf(b.since ?? '')]
  return x < y ? -1 : x > y ? 1 : 0
}

/** `inMemory`: the database may have tables in memory, whose transactions are shown by a view of its own. */
export async function sight(
  asking: Asking,
  place: PositionPlace,
  zone: ServerZone,
  inMemory: boolean,
): Promise<Sighting> {
  if (asking.session.inTransaction) throw new TypeError('who is at work is asked outside of a transaction')
  const rows = await askMaybe(asking, asked(place, openTransactions(zone)))
  if (rows instanceof NotShown) return { ...ALONE, blind: rows.words }
  const more = inMemory ? await askMaybe(asking, asked(place, inMemoryTransactions(zone))) : []
  const shown = more instanceof NotShown ? [] : more
  return {
    ...transactionsOf([...rows, ...shown], asking.readOnlyLogins),
    blind: more instanceof NotShown ? more.words : null,
  }
}
