/**
 * What a bench that lands rows in PostgreSQL lends to a capture that takes all rows out: image, comparison and spool are those of
 * the embedded engine, to which the target's keys are brought; rows go by statements of the target's own.
 */
import { NO_ROWS, type RowCounts } from '@tidemark/contract/row-counts'
import type { PostgresSession } from '../../drivers/postgres.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { BatchTransaction, CapturedBatch, FlowRelation, Selection } from '../contract.ts'
import type { DuckdbDeparture } from '../duckdb/departure.ts'
import type { EmbeddedDuckdb } from '../duckdb/embedded.ts'
import { holderOf as ownHolderOf, logicalTypeOf as ownLogicalTypeOf } from '../duckdb/types.ts'
import type { EmbeddedStatements, EmbeddedWork } from '../embedded-work.ts'
import type { HotTables } from '../hot-tables.ts'
import type { PlannedColumn } from '../planned-column.ts'
import { deleteListed } from '../relational/delete.sql.ts'
import { type Catalogs, targetTable } from '../relational/names.ts'
import { nextBatch } from '../relational/versions.sql.ts'
import { ident, type Sql, sql } from '../sql-text.ts'
import { copyOutText, inlined } from './copy-text.ts'
import { bringHeldKeys, deletableColumn, heldKeys } from './held-keys.ts'
import { PostgresHotTables } from './hot-tables.ts'
import { refuseChangedTarget } from './refuse-batch.ts'
import { senderOf } from './run-sql.ts'
import type { PostgresConnection } from './session.ts'
import type { PostgresTarget } from './target.ts'
import { ours } from './transaction.ts'
import { holderOf, logicalTypeOf } from './types.ts'

export interface PostgresSide {
  readonly into: PostgresConnection
  readonly session: PostgresSession
  readonly catalogs: Catalogs
  readonly target: PostgresTarget
}

const ANY_TEXT = 'VARCHAR'
/** as it is called for people: of the run's work file, made of what the COPY gives */
const HELD = sql`work.held`

export class EmbeddedBesidePostgres implements EmbeddedWork {
  readonly arrives = true
  readonly said: EmbeddedStatements
  readonly hot: HotTables
  readonly #spool: DuckdbDeparture
  readonly #own: EmbeddedDuckdb
  readonly #side: PostgresSide
  /** the target's keys, as the present extraction sees them */
  #held: Promise<Sql> | null = null

  constructor(spool: DuckdbDeparture, side: PostgresSide) {
    const { embedded } = spool.bench
    if (embedded === undefined) throw new TypeError('no embedded engine')
    this.#spool = spool
    this.#own = embedded
    this.#side = side
    this.hot = new PostgresHotTables(side, spool, embedded)
    this.said = this.#statements(embedded.said)
  }

  #statements(own: EmbeddedStatements): EmbeddedStatements {
    const { catalogs: c } = this.#side
    return {
      ...own,
      deletable: (r) => this.deletable(r),
      target: () => HELD,
      bring: (r) => [copyOutText(inlined(heldKeys(c, r)), 'csv')],
      takeOut: (r, selection, path) => own.takeOut(this.inOwnTypes(r), selection, path),
      remove: (r) => deleteListed(c, r, '[[…]]'),
    }
  }

  get spool(): Sql {
    return this.#own.spool
  }

  get gone(): Sql {
    return this.#own.gone
  }

  markSpooled(): Sql {
    return this.#own.markSpooled()
  }

  inOwnTypes(r: FlowRelation): FlowRelation {
    const own = (x: PlannedColumn): PlannedColumn => {
      const targetType = this.#ownType(r, x)
      const isConstant = x.origin.kind === 'value' && !this.#own.arrives
      return { ...x, targetType, cast: ownCast(x), ...(isConstant ? { sourceType: targetType } : {}) }
    }
    return { ...r, key: r.key.map(own), columns: r.columns.map(own) }
  }

  /** That of what the target holds; where only PostgreSQL knows that, of what comes, or its text. */
  #ownType({ key }: FlowRelation, x: PlannedColumn): string {
    const held = ownTypeOf(x.targetType)
    if (held !== null) return held
    const isKey = key.some((k) => k.target === x.target)
    return (isKey || x.mask !== null ? null : this.#spool.bench.target.typeFor(x.sourceType)) ?? ANY_TEXT
  }

  async takeOut(relation: FlowRelation, selection: Selection, rows: bigint, path: string): Promise<bigint> {
    this.#held = null
    return await this.#own.takeOut(this.inOwnTypes(relation), selection, rows, path)
  }

  async target(relation: FlowRelation): Promise<Sql | null> {
    const { into, catalogs, target } = this.#side
    if ((await target.describe(relation.target.table)) === null) return null
    this.#held ??= bringHeldKeys(
      into,
      catalogs,
      relation,
      this.#own,
      this.inOwnTypes(relation),
      this.#spool.newPath('held'),
    )
    return await this.#held
  }

  deletable(relation: FlowRelation): Sql {
    return ident('t', deletableColumn(relation))
  }

  async nextVersion(relation: FlowRelation, least: bigint): Promise<bigint> {
    const { session, catalogs, target } = this.#side
    if ((await target.describe(relation.target.table)) === null) return least
    return await senderOf(session, target.location).count(
      nextBatch(targetTable(catalogs, relation.target.table), least),
    )
  }

  async remove(tx: BatchTransaction, relation: FlowRelation, split: CapturedBatch): Promise<RowCounts> {
    const own = ours(tx)
    const { catalogs, target } = this.#side
    if ((await this.#spool.area.spooled()) !== split.readAt)
      throw new AppError('TM5006', 'the keys to delete are not those that were found')
    await refuseChangedTarget(own.session, catalogs, relation, target.location)
    const keys = await this.#own.goneKeys(split)
    return { ...NO_ROWS, deleted: await own.exec(deleteListed(catalogs, relation, keys)) }
  }
}

const ownTypeOf = (type: string): string | null => {
  const logical = logicalTypeOf(type)
  const holder = logical && ownHolderOf(logical)
  return holder !== null && 'type' in holder ? holder.type : null
}

/** The cast is done where the image is made: by a type that holds the same values. */
function ownCast({ cast, target }: PlannedColumn): string | null {
  if (cast === null) return null
  const own = ownTypeOf(cast)
  const logical = own === null ? null : ownLogicalTypeOf(own)
  const back = logical && holderOf(logical)
  if (
    own === null ||
    back === null ||
    !('type' in back) ||
    back.type !== (cast === 'character varying' ? 'text' : cast)
  )
    throw new AppError('TM4025', `${target} is cast to ${cast}`)
  return own
}
