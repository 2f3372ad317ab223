/**
 * One exported snapshot and the sessions that read under it. It is taken after clock and ceiling were read, and it holds
 * back vacuum in the source: no longer than its greatest age. The tables are locked against being rewritten before it is
 * taken: the rows of a table that is rewritten after are younger than the snapshot, and it would see none of them.
 */
import type { PostgresSession } from '../../drivers/postgres.ts'

const READ_ONLY = 'ISOLATION LEVEL REPEATABLE READ READ ONLY'
/** each statement has a snapshot of its own, so that the one that locks comes before the one that is exported */
const KEEPING = 'ISOLATION LEVEL READ COMMITTED READ ONLY'

export interface SnapshotRequest {
  readonly connect: () => Promise<PostgresSession>
  readonly maxAgeMs: number
  /** reads no row, and so locks what it names against being rewritten */
  readonly locking: string
  /** the name of one that another process keeps; null: a new one */
  readonly of: string | null
}

export class SharedSnapshot implements AsyncDisposable {
  /** what it sees, as the server writes it: tells a resumed run whether it reads what was cut */
  readonly sees: string
  /** under which other sessions, of other processes too, may read what it sees, as long as it is kept */
  readonly name: string
  readonly #keeper: PostgresSession
  readonly #connect: () => Promise<PostgresSession>
  readonly #until: number
  readonly #idle: PostgresSession[] = []
  readonly #all = new Set<PostgresSession>()
  /** sessions that import it, for which its keeper has to stay */
  readonly #beginning = new Set<Promise<PostgresSession>>()
  #retired = false

  private constructor(
    keeper: PostgresSession,
    name: string,
    sees: string,
    connect: () => Promise<PostgresSession>,
    maxAgeMs: number,
  ) {
    this.#keeper = keeper
    this.name = name
    this.sees = sees
    this.#connect = connect
    this.#until = performance.now() + maxAgeMs
    this.#all.add(keeper)
  }

  static async take({ connect, maxAgeMs, locking, of }: SnapshotRequest): Promise<SharedSnapshot> {
    const keeper = await connect()
    try {
      await keeper.begin(of === null ? KEEPING : READ_ONLY)
      if (of !== null) await keeper.run(importing(of))
      await keeper.run(locking)
      const [row] = await keeper.rows('SELECT pg_catalog.pg_export_snapshot(), pg_catalog.pg_current_snapshot()::text')
      const [name, sees] = row ?? []
      if (name == null || sees == null) throw new TypeError('a snapshot has a name')
      return new SharedSnapshot(keeper, name, sees, connect, maxAgeMs)
    } catch (error) {
      await keeper[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Still there, and young enough to begin another batch under it. */
  get holds(): boolean {
    return !this.#retired && !this.#keeper.closed && performance.now() < this.#until
  }

  /** A session under the snapshot, for one user at a time. */
  async borrow(): Promise<PostgresSession> {
    const idle = this.#idle.pop()
    if (idle !== undefined && !idle.closed) return idle
    const beginning = this.#begin().finally(() => this.#beginning.delete(beginning))
    this.#beginning.add(beginning)
    return await beginning
  }

  async #begin(): Promise<PostgresSession> {
    const session = await this.#connect()
    try {
      await session.begin(READ_ONLY)
      await session.run(importing(this.name))
      // one process a batch, and the same order whenever it is read again
      await session.run('SET LOCAL max_parallel_workers_per_gather = 0')
    } catch (error) {
      await session[Symbol.asyncDispose]()
      throw error
    }
    this.#all.add(session)
    return session
  }

  /** `sound` false: its statement failed or was left half-way, and the session is of no more use. */
  async giveBack(session: PostgresSession, sound: boolean): Promise<void> {
    if (sound && !session.closed && !this.#retired) {
      this.#idle.push(session)
      return
    }
    this.#all.delete(session)
    session.destroy()
  }

  /** Another one takes its place: nobody begins under it any more, and who reads under it reads to the end. */
  async retire(): Promise<void> {
    this.#retired = true
    await Promise.allSettled(this.#beginning)
    for (const session of [this.#keeper, ...this.#idle.splice(0)]) {
      this.#all.delete(session)
      await session[Symbol.asyncDispose]()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#all) await session[Symbol.asyncDispose]()
    this.#all.clear()
  }
}

/** The name is the server's own: hexadecimal digits and dashes. */
const importing = (name: string): string => `SET TRANSACTION SNAPSHOT '${name.replaceAll(/[^0-9A-F-]/gi, '')}'`
