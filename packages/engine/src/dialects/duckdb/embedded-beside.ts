/**
 * What a bench that lands rows in another engine lends to a capture that takes all rows out: image, comparison and spool are
 * those of the embedded engine, to which the target's keys are brought; rows go by statements of the target's own.
 */
import { rmSync, statSync } from 'node:fs'
import type { LogicalType } from '@tidemark/contract/logical-type'
import { NO_ROWS, type RowCounts } from '@tidemark/contract/row-counts'
import { AppError } from '../../runtime/app-error.ts'
import type { BatchTransaction, CapturedBatch, FlowRelation, Selection } from '../contract.ts'
import type { EmbeddedStatements, EmbeddedWork } from '../embedded-work.ts'
import type { ForeignTypes } from '../foreign-types.ts'
import type { HotTables } from '../hot-tables.ts'
import { isConstant, type PlannedColumn } from '../planned-column.ts'
import { freeName } from '../relational/names.ts'
import { ident, type Sql, sql } from '../sql-text.ts'
import type { DuckdbDeparture } from './departure.ts'
import type { EmbeddedDuckdb } from './embedded.ts'
import { type Holder, holderOf, logicalTypeOf } from './types.ts'

/** The target's types, as far as the embedded engine has them alike. */
export interface TargetTypes {
  readonly logicalTypeOf: ForeignTypes
  readonly holderOf: (type: LogicalType) => Holder
  /** A cast's type, by the name that `holderOf` has for it. */
  readonly nameOfCast: (cast: string) => string
  /**
   * That of a key whose type it does not have: one in which what is imaged and what the target holds are the same where
   * the keys are. `comes`: that of what comes; null: it has none either. TM4025 where there is none.
   */
  readonly keyType: (x: PlannedColumn, comes: string | null) => string
}

/** What the target's engine does. */
export interface TargetSide {
  readonly location: string
  readonly types: TargetTypes
  readonly said: Pick<EmbeddedStatements, 'bring' | 'remove'>
  /** Snapshots that the target keeps, brought to and from the embedded engine; null: it keeps none. */
  hot(own: EmbeddedDuckdb): HotTables | null
  isThere(r: FlowRelation): Promise<boolean>
  /** The keys of the rows, of versions the live ones, with whether the run may delete the row, as CSV into a new file; how many. */
  writeKeys(r: FlowRelation, path: string): Promise<bigint>
  /** Of a target that is there: see `EmbeddedWork`. */
  nextVersion(r: FlowRelation, least: bigint): Promise<bigint>
  /** `keys`: a JSON array of arrays of texts; how many rows went. */
  remove(tx: BatchTransaction, r: FlowRelation, keys: string): Promise<bigint>
}

export const ANY_TEXT = 'VARCHAR'
/** as it is called for people: of the run's work file, made of what the target gives */
const HELD = sql`work.held`

/** Whether a deletion of the run may take the row. */
export const deletableColumn = (r: FlowRelation): string => freeName(r, 'tidemark deletable')

export class EmbeddedBeside implements EmbeddedWork {
  readonly arrives = true
  readonly said: EmbeddedStatements
  readonly hot: HotTables | null
  readonly #spool: DuckdbDeparture
  readonly #own: EmbeddedDuckdb
  readonly #side: TargetSide
  /** the target's keys, as the present extraction sees them */
  #held: Promise<Sql> | null = null

  constructor(spool: DuckdbDeparture, side: TargetSide) {
    const { embedded } = spool.bench
    if (embedded === undefined) throw new TypeError('no embedded engine')
    this.#spool = spool
    this.#own = embedded
    this.#side = side
    this.hot = side.hot(embedded)
    this.said = {
      ...embedded.said,
      ...side.said,
      deletable: (r) => this.deletable(r),
      target: () => HELD,
      takeOut: (r, selection, path) => embedded.said.takeOut(this.inOwnTypes(r), selection, path),
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
      return { ...x, targetType, cast: this.#ownCast(x), ...(isConstant(x) ? { sourceType: targetType } : {}) }
    }
    return { ...r, key: r.key.map(own), columns: r.columns.map(own) }
  }

  /** That of what the target holds; where only its engine knows that, of what comes, or its text. */
  #ownType({ key }: FlowRelation, x: PlannedColumn): string {
    const held = this.#typeOf(x.targetType)
    if (held !== null) return held
    const comes = x.mask === null ? this.#spool.bench.target.typeFor(x.sourceType) : null
    return key.some((k) => k.target === x.target) ? this.#side.types.keyType(x, comes) : (comes ?? ANY_TEXT)
  }

  #typeOf(type: string): string | null {
    const logical = this.#side.types.logicalTypeOf(type)
    const holder = logical && holderOf(logical)
    return holder !== null && 'type' in holder ? holder.type : null
  }

  /** The cast is done where the image is made: by a type that holds the same values. */
  #ownCast({ cast, target }: PlannedColumn): string | null {
    if (cast === null) return null
    const { types } = this.#side
    const own = this.#typeOf(cast)
    const logical = own === null ? null : logicalTypeOf(own)
    const back = logical && types.holderOf(logical)
    if (own === null || back === null || !('type' in back) || back.type !== types.nameOfCast(cast))
      throw new AppError('TM4025', `${target} is cast to ${cast}`)
    return own
  }

  async takeOut(relation: FlowRelation, selection: Selection, rows: bigint, path: string): Promise<bigint> {
    this.#held = null
    return await this.#own.takeOut(this.inOwnTypes(relation), selection, rows, path)
  }

  async target(relation: FlowRelation): Promise<Sql | null> {
    if (!(await this.#side.isThere(relation))) return null
    this.#held ??= this.#bring(relation)
    return await this.#held
  }

  async #bring(relation: FlowRelation): Promise<Sql> {
    const path = this.#spool.newPath('held')
    try {
      const rows = await this.#side.writeKeys(relation, path)
      const keys = this.inOwnTypes(relation).key.map((k) => ({ name: k.target, type: k.targetType }))
      const columns = [...keys, { name: deletableColumn(relation), type: 'BOOLEAN' }]
      const file = { path, bytes: BigInt(statSync(path).size) }
      const { table, rows: kept } = await this.#own.keep('held', columns, file)
      if (kept !== rows)
        throw new AppError('TM5001', `${kept} keys were read of ${rows} that ${this.#side.location} holds`)
      return table
    } finally {
      rmSync(path, { force: true })
    }
  }

  deletable(relation: FlowRelation): Sql {
    return ident('t', deletableColumn(relation))
  }

  async nextVersion(relation: FlowRelation, least: bigint): Promise<bigint> {
    return (await this.#side.isThere(relation)) ? await this.#side.nextVersion(relation, least) : least
  }

  async remove(tx: BatchTransaction, relation: FlowRelation, split: CapturedBatch): Promise<RowCounts> {
    if ((await this.#spool.area.spooled()) !== split.readAt)
      throw new AppError('TM5006', 'the keys to delete are not those that were found')
    const deleted = await this.#side.remove(tx, relation, await this.#own.goneKeys(split))
    return { ...NO_ROWS, deleted }
  }
}
