import { type PostgresSession, sqlState } from '../../../drivers/postgres.ts'

/** The connection went while a commit was under way: it took place, or it did not. */
export class InDoubt extends Error {
  override readonly name = 'InDoubt'
  /** the transaction's number, by which the server knows */
  readonly xid: string
  /** what its work came to, if it is in */
  readonly result: unknown

  constructor(xid: string, result: unknown, cause: unknown) {
    super('a commit was not answered', { cause })
    this.xid = xid
    this.result = result
  }
}

const OUTCOMES = ['committed', 'aborted', 'in progress'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** What became of a transaction. */
export async function outcomeOf(session: PostgresSession, xid: string): Promise<Outcome> {
  try {
    const [row] = await session.rows('select pg_xact_status($1::text::xid8)', [xid])
    const outcome = OUTCOMES.find((known) => known === row?.[0])
    if (outcome === undefined) throw new Error(`the server no longer knows whether transaction ${xid} committed`)
    return outcome
  } catch (error) {
    // a number that was not given out yet: a crash took the transaction, and its number with it
    if (sqlState(error) === '22023') return 'aborted'
    throw error
  }
}
