/** What every bench that lands rows in PostgreSQL does there: the sessions of its batches, and how what they staged lands. */
import type { RowCounts } from '@tidemark/contract/row-counts'
import type { PostgresSession } from '../../drivers/postgres.ts'
import { type BatchKey, type FenceKey, type FlowRelation, landingTable } from '../contract.ts'
import { insertRejects } from '../relational/fence.sql.ts'
import { Duplicates } from '../relational/duplicates.ts'
import type { Catalogs } from '../relational/names.ts'
import { Sift, withOut } from '../relational/sift.ts'
import type { RowPolicy } from '../row-policy.ts'
import { isDuplicate, land, landingOf, type LandingTable, withAddresses } from './land.ts'
import { senderOf } from './run-sql.ts'
import { openSession, type PostgresConnection, settingsOf } from './session.ts'
import type { PostgresTarget } from './target.ts'
import { PostgresTransaction } from './transaction.ts'

export class BatchTarget implements AsyncDisposable {
  readonly #into: PostgresConnection
  readonly #session: PostgresSession
  readonly #catalogs: Catalogs
  readonly #target: PostgresTarget
  /** sessions between batches, ready for the next one */
  readonly #idle: PostgresSession[] = []
  readonly #landings = new Map<string, LandingTable>()
  readonly #duplicates = new Duplicates(isDuplicate)

  /** `session`: looks at tables, and says whether errors may quote values. */
  constructor(into: PostgresConnection, session: PostgresSession, catalogs: Catalogs, target: PostgresTarget) {
    this.#into = into
    this.#session = session
    this.#catalogs = catalogs
    this.#target = target
  }

  async begin(key: FenceKey, batch: BatchKey): Promise<PostgresTransaction> {
    const own = this.#idle.pop() ?? (await openSession(this.#into, 'target'))
    own.discreet = this.#session.discreet
    const tx = new PostgresTransaction(own, this.#catalogs.target, key, batch, this.#into.location, (reusable) => {
      if (reusable) this.#idle.push(own)
    })
    try {
      await tx.enter(Number(settingsOf('target')['lock_timeout']))
      return tx
    } catch (error) {
      await tx[Symbol.asyncDispose]()
      throw error
    }
  }

  /** What its definition says; asked once, when it is there. */
  async landing(relation: FlowRelation): Promise<LandingTable> {
    const table = landingTable(relation)
    const known = this.#landings.get(table.join('.'))
    if (known) return known
    const to = senderOf(this.#session, this.#target.location)
    const found = await landingOf(to, this.#target.nameOf(table), await this.#target.describe(table))
    this.#landings.set(table.join('.'), found)
    return found
  }

  /** The rows that the transaction has staged: in the table, or among the rejects. */
  async land(
    own: PostgresTransaction,
    relation: FlowRelation,
    kind: 'insert-missing' | 'latest',
    policy: RowPolicy,
  ): Promise<RowCounts> {
    if (own.split === null || own.staged === null) throw new TypeError('nothing is staged')
    const table = await this.landing(relation)
    const c = withAddresses(this.#catalogs, table)
    const sift = new Sift(own, c, relation, { staged: own.staged, split: own.split }, policy)
    await sift.foresee()
    const landing = land(own, c, relation, kind, sift, table, own.stagedRows)
    const counts = withOut(await this.#duplicates.toldIn(own.batch, landing), sift)
    if (counts.rejected > 0n) await own.exec(insertRejects(c.target, own.key, own.batch, sift.rejects))
    return counts
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#idle) await session[Symbol.asyncDispose]()
  }
}
