/** Who is at work in a database, as far as it shows them, and what of it a later run has to know. */
import type { PostgresSession } from '../../drivers/postgres.ts'
import * as activity from './activity.sql.ts'
import { query } from './run-sql.ts'

export interface OpenTransaction {
  /** an instant; null: hidden */
  readonly since: string | null
  /** pid, user, application and age, for people */
  readonly who: string
}

export interface PreparedTransaction {
  readonly xid: string
  /** when it was prepared, an instant; it began before */
  readonly at: string
  readonly who: string
}

export interface Sighting {
  /** oldest first; those that show when they began */
  readonly open: readonly OpenTransaction[]
  readonly hidden: readonly OpenTransaction[]
  readonly prepared: readonly PreparedTransaction[]
}

const ageText = (seconds: string | null | undefined): string => {
  const s = Number(seconds ?? '0')
  return s < 120 ? `${s} s` : s < 7200 ? `${Math.floor(s / 60)} min` : `${Math.floor(s / 3600)} h`
}

export function whoText(
  pid: string | null | undefined,
  user: string | null | undefined,
  application: string | null | undefined,
  age: string | null | undefined,
): string {
  const by = application == null || application === '' ? '' : ` (${application})`
  const since = age == null ? '' : `, ${ageText(age)} old`
  return `of process ${pid}, user ${user ?? 'unknown'}${by}${since}`
}

/**
 * Sessions first, then what is prepared: a transaction that is prepared in between is in one of the two answers, or both.
 * Neither statement may be inside a transaction.
 */
export async function sight(
  session: PostgresSession,
  readOnlyRoles: readonly string[],
  where: string,
): Promise<Sighting> {
  if (session.inTransaction) throw new TypeError('who is at work is asked outside of a transaction')
  const rows = await query(session, activity.openTransactions(readOnlyRoles), where, 'TM4019')
  const all = rows.map(([pid, user, application, since, age, hidden]) => ({
    since: since ?? null,
    who: whoText(pid, user, application, age),
    hidden: hidden === 't',
  }))
  const prepared = await query(session, activity.preparedTransactions, where, 'TM4019')
  return {
    open: all.filter((t) => !t.hidden && t.since !== null),
    hidden: all.filter((t) => t.hidden),
    prepared: prepared.map(([xid, gid, owner, at, age]) => ({
      xid: xid ?? '',
      at: at ?? '',
      who: `prepared as ${JSON.stringify(gid)} by ${owner}, ${ageText(age)} ago`,
    })),
  }
}
