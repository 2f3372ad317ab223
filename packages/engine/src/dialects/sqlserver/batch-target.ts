/** What every bench that lands rows in SQL Server does there: the sessions of its batches, and how what they staged lands. */
import type { RowCounts } from '@tidemark/contract/row-counts'
import type { SqlServerSession } from '../../drivers/sqlserver.ts'
import { type BatchKey, type FenceKey, type FlowRelation, landingTable } from '../contract.ts'
import { Duplicates } from '../relational/duplicates.ts'
import type { Catalogs } from '../relational/names.ts'
import { Sift, withOut } from '../relational/sift.ts'
import type { RowPolicy } from '../row-policy.ts'
import { insertRejects } from './fence.sql.ts'
import { asFolded, isDuplicate, land, landingOf, type LandingTable } from './land.ts'
import { LOCK_TIMEOUT_MS, openSession, type SqlServerConnection } from './session.ts'
import type { SqlServerTarget } from './target.ts'
import { SqlServerTransaction } from './transaction.ts'
import { dopOf } from './verdict.sql.ts'

export class BatchTarget implements AsyncDisposable {
  readonly #into: SqlServerConnection
  readonly #session: SqlServerSession
  readonly #catalogs: Catalogs
  readonly #target: SqlServerTarget
  /** sessions between batches, ready for the next one */
  readonly #idle: SqlServerSession[] = []
  readonly #landings = new Map<string, LandingTable>()
  readonly #duplicates = new Duplicates(isDuplicate)

  /** `session`: looks at tables, and says whether errors may quote values. */
  constructor(into: SqlServerConnection, session: SqlServerSession, catalogs: Catalogs, target: SqlServerTarget) {
    this.#into = into
    this.#session = session
    this.#catalogs = catalogs
    this.#target = target
  }

  async begin(key: FenceKey, batch: BatchKey): Promise<SqlServerTransaction> {
    const own = this.#idle.pop() ?? (await openSession(this.#into, 'target'))
    own.discreet = this.#session.discreet
    const tx = new SqlServerTransaction(own, this.#catalogs.target, key, batch, this.#into.location, (reusable) => {
      if (reusable) this.#idle.push(own)
    })
    try {
      await tx.enter(LOCK_TIMEOUT_MS)
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
    const found = landingOf(await this.#target.describe(table))
    this.#landings.set(table.join('.'), found)
    return found
  }

  /** The rows that the transaction has staged: in the table, or among the rejects. */
  async land(
    own: SqlServerTransaction,
    relation: FlowRelation,
    kind: 'insert-missing' | 'latest',
    policy: RowPolicy,
  ): Promise<RowCounts> {
    if (own.split === null || own.staged === null) throw new TypeError('nothing is staged')
    const c = this.#catalogs
    const table = await this.landing(relation)
    const r = asFolded(relation, table)
    const sift = new Sift(own, c, r, { staged: own.staged, split: own.split }, policy)
    await sift.foresee()
    const how = { rows: own.stagedRows, maxDop: dopOf(r, own.split.step) }
    const landing = land(own, c, r, kind, sift, table, how)
    const counts = withOut(await this.#duplicates.toldIn(own.batch, landing), sift)
    if (counts.rejected > 0n) await own.exec(insertRejects(c.target, own.key, own.batch, sift.rejects))
    return counts
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const session of this.#idle) await session[Symbol.asyncDispose]()
  }
}
