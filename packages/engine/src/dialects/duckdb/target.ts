/** A DuckDB file as a target: fence, markers, the settled marker, the target table. */
import type { TableName } from '@tidemark/contract/flow'
import { NO_ROWS } from '@tidemark/contract/row-counts'
import { isBeside } from '@tidemark/contract/table-name'
import { setTimeout as sleep } from 'node:timers/promises'
import { type DuckdbFile, type DuckdbSession, reserveMemory } from '../../drivers/duckdb.ts'
import { AppError } from '../../runtime/app-error.ts'
import {
  type FenceKey,
  type FlowRelation,
  landingTable,
  type Marker,
  type NewSettled,
  type SettledMarker,
  type SwapOptions,
  type TableFacts,
  type TargetPort,
} from '../contract.ts'
import type { RejectedRow } from '../row-policy.ts'
import { ident, printable, type Sql, sql } from '../sql-text.ts'
import { addColumns, createSide, createTarget, replaceRows, replaceTable, vanishing } from '../relational/apply.sql.ts'
import { dropUnselected } from '../relational/capture.sql.ts'
import { predicates } from '../relational/selection.sql.ts'
import * as marks from '../relational/fence.sql.ts'
import { markerCounts, markerOf, rejectOf, settledOf, swapOf } from '../relational/marker-rows.ts'
import { targetTable, writtenTable } from '../relational/names.ts'
import { atOnce, isConflict } from './at-once.ts'
import { classify, translate } from './errors.ts'
import * as fence from './fence.sql.ts'
import { describeTable, isTable, schemaAndTable, shownTable } from './introspect.ts'
import { type DuckdbCatalogs, sideTableName } from './names.ts'
import { count, exec, query } from './run-sql.ts'
import { type ForeignTypes, heldAbroad } from '../foreign-types.ts'
import { holderOf, logicalTypeOf, narrowing } from './types.ts'

const RETRY_MS = 25
/** how long a session that was ended may take to roll back */
const ENDING_MS = 5_000

export class DuckdbTarget implements TargetPort {
  readonly location: string
  /** null: read mode, and the file does not exist yet */
  readonly #file: DuckdbFile | null
  /** where the tables are that flows fill */
  readonly #tables: DuckdbFile | null
  readonly #session: DuckdbSession
  readonly #catalogs: DuckdbCatalogs
  readonly #foreign: ForeignTypes | null

  /** `foreign`: what types of the source mean, where it is of another kind. */
  constructor(
    file: DuckdbFile | null,
    session: DuckdbSession,
    catalogs: DuckdbCatalogs,
    location: string,
    foreign: ForeignTypes | null,
    tables = file,
  ) {
    this.#file = file
    this.#tables = tables
    this.#session = session
    this.#catalogs = catalogs
    this.#foreign = foreign
    this.location = location
  }

  async describe(table: TableName): Promise<TableFacts | null> {
    const file = table[0] === 'tidemark' || isBeside(table) ? this.#file : this.#tables
    return file === null ? null : describeTable(file, this.#session, table)
  }

  /** Is there that table of the engine's own? */
  async #keeps(name: string): Promise<boolean> {
    return this.#file !== null && isTable(this.#file, this.#session, ['tidemark', name])
  }

  async isEmpty(table: TableName): Promise<boolean> {
    return (
      (await count(
        this.#session,
        sql`SELECT count(*) FROM (SELECT 1 FROM ${targetTable(this.#catalogs, table)} LIMIT 1)`,
        this.location,
      )) === 0n
    )
  }

  async settled(flow: string): Promise<readonly SettledMarker[]> {
    if (!(await this.#keeps('settled'))) return []
    const rows = await query(this.#session, marks.listSettled(this.#catalogs.target, flow), this.location)
    return rows.map(settledOf)
  }

  /** Is there a side table for that table's positions? */
  keepsPositions(table: TableName): Promise<boolean> {
    return this.#keeps(sideTableName(table))
  }

  check(_relation: FlowRelation, _apply: string): void {
    // a table takes whatever a relation may hold
  }

  createTableText(relation: FlowRelation): string {
    return printable(createTarget(this.#catalogs, relation, shownTable(relation.target.table)))
  }

  addColumnTexts(relation: FlowRelation): readonly string[] {
    return addColumns(relation, shownTable(relation.target.table)).map((statement) => printable(statement))
  }

  typeFor(sourceType: string): string | null {
    return this.#isOwn(sourceType) ? sourceType : heldAbroad(this.#foreign, sourceType, holderOf).type
  }

  narrowing(sourceType: string, targetType: string): string | null {
    if (this.#isOwn(sourceType)) return narrowing(sourceType, targetType)
    const { type, why } = heldAbroad(this.#foreign, sourceType, holderOf)
    return type === null ? why : narrowing(type, targetType)
  }

  castNarrowing(cast: string, targetType: string): string | null {
    return narrowing(cast, targetType)
  }

  /**
   * A type of ours, and not one of the source's that is called alike: the catalog prints ours in upper case. PostgreSQL's
   * `numeric` has any number of digits, and would be read as a DECIMAL(18,3).
   */
  #isOwn(type: string): boolean {
    if (this.#foreign === null) return true
    return this.#foreign(type) === null && /^[A-Z]/.test(type) && logicalTypeOf(type) !== null
  }

  async typeNamed(text: string): Promise<string | null> {
    try {
      const [row] = await this.#session.rows(`SELECT typeof(CAST(NULL AS ${text}))`)
      return row?.[0] ?? null
    } catch (error) {
      if (classify(error) === 'permanent') return null
      throw translate(error, this.location)
    }
  }

  /** A type says all that it is. */
  lacks(): Promise<null> {
    return Promise.resolve(null)
  }

  /** DuckDB's text has no length. */
  textType(): string {
    return 'VARCHAR'
  }

  holdsText(type: string): boolean {
    return type === 'VARCHAR'
  }

  async prepare(relation: FlowRelation, createTable: boolean, key: FenceKey, anew = false): Promise<void> {
    const c = this.#catalogs
    const landing = landingTable(relation)
    // only what is missing: a target that a DBA has prepared asks for no right to create
    const there = new Set(
      (await query(this.#session, fence.listOwn(c.target), this.location)).map(([name]) => name?.toLowerCase()),
    )
    const missing = fence.FENCE_TABLES.filter((name) => !there.has(name))
    await this.#atOnce(async () => {
      for (const statement of fence.createFence(c.target, missing)) await this.#exec(statement)
      await this.#exec(fence.addSlots(c.target, key))
      if (anew && relation.target.beside) await this.#exec(sql`DROP TABLE IF EXISTS ${targetTable(c, landing)}`)
      if (createTable || (anew && relation.target.beside)) {
        await this.#exec(
          sql`CREATE SCHEMA IF NOT EXISTS ${ident(isBeside(landing) ? c.target.ownCatalog : c.target.catalog, schemaAndTable(landing)[0])}`,
        )
        await this.#exec(createTarget(c, relation, targetTable(c, landing)))
      }
      for (const statement of addColumns(relation, targetTable(c, relation.target.table))) await this.#exec(statement)
      const side = createSide(c, relation)
      if (side && !there.has(sideTableName(relation.target.table).toLowerCase())) await this.#exec(side)
    })
  }

  #atOnce(work: () => Promise<void>): Promise<void> {
    return atOnce(this.#session, this.location, work)
  }

  async fenceToken(store: string, flow: string): Promise<bigint> {
    if (!(await this.#keeps('fence'))) return 0n
    return count(this.#session, marks.standsAt(this.#catalogs.target, store, flow), this.location)
  }

  async raiseFence(key: FenceKey, boundMs: number, signal: AbortSignal): Promise<void> {
    let until = performance.now() + boundMs
    let ended = false
    for (;;) {
      signal.throwIfAborted()
      try {
        await this.#exec(fence.raise(this.#catalogs.target, key))
        return
      } catch (error) {
        if (!isConflict(error)) throw error
      }
      if (performance.now() > until) {
        if (ended)
          throw new AppError('TM3009', `${this.location}: a batch of an older owner of ${key.flow} is still open`)
        // only this process can have the file open, so the former owner's sessions are all here
        this.#file?.endSessions(
          (s) =>
            s.owner !== null && s.owner.store === key.store && s.owner.flow === key.flow && s.owner.token < key.token,
        )
        ended = true
        until = performance.now() + ENDING_MS
      }
      await sleep(RETRY_MS)
    }
  }

  async markers(key: FenceKey, run: string): Promise<readonly Marker[]> {
    const rows = await query(this.#session, marks.listMarkers(this.#catalogs.target, key, run), this.location)
    return rows.map(markerOf)
  }

  async rejects(key: FenceKey, run: string, batch: number): Promise<readonly RejectedRow[]> {
    const rows = await query(this.#session, marks.listRejects(this.#catalogs.target, key, run, batch), this.location)
    return rows.map(rejectOf)
  }

  async swapped(key: FenceKey, run: string): Promise<bigint | null> {
    if (!(await this.#keeps('marker'))) return null
    const [row] = await query(this.#session, marks.findMarker(this.#catalogs.target, key, swapOf(run)), this.location)
    return row ? markerCounts(row).deleted : null
  }

  async swap(key: FenceKey, run: string, relation: FlowRelation, how: SwapOptions): Promise<void> {
    const c = this.#catalogs
    using _room = await reserveMemory(relation.columns.length)
    const there = (await this.describe(relation.target.table)) !== null
    const replace = await this.replacing(run, relation, there)
    await this.#atOnce(async () => {
      if ((await this.#exec(fence.enter(c.target, key, 0))) !== 1n)
        throw new AppError('TM5002', `${key.flow} has a newer owner`)
      const [predicate] = how.still === null ? [] : predicates(c, relation, how.still, there)
      if (predicate) await this.#exec(dropUnselected(c, relation, predicate))
      const [row] = there ? await query(this.#session, vanishing(c, relation), this.location) : []
      const deleted = BigInt(row?.[0] ?? '0')
      how.allow(deleted, BigInt(row?.[1] ?? '0'))
      await this.#exec(marks.insertMarker(c.target, key, swapOf(run)))
      await this.#exec(marks.completeMarker(c.target, key, swapOf(run), { ...NO_ROWS, deleted }))
      await replace()
    })
  }

  /** What makes the table beside the target, for the transaction of the swap. */
  protected async replacing(_run: string, relation: FlowRelation, there: boolean): Promise<() => Promise<void>> {
    const how = there && !(await this.#samePlainTable(relation)) ? replaceRows : replaceTable
    return async () => {
      for (const statement of how(this.#catalogs, relation)) await this.#exec(statement)
    }
  }

  /** Nothing of the target's definition would be lost with it: no constraint, default, index, column or comment of its own. */
  async #samePlainTable(relation: FlowRelation): Promise<boolean> {
    const [schema, table] = schemaAndTable(relation.target.table)
    const [, beside] = schemaAndTable(landingTable(relation))
    const columns = `SELECT column_name, data_type, is_nullable, column_default, comment FROM duckdb_columns() WHERE database_name = $1 AND lower(schema_name) = lower($2) AND lower(table_name) = lower($3)`
    const [row] = await this.#session.rows(
      `SELECT NOT EXISTS (${columns} EXCEPT ${columns.replace('$3', '$4')}) AND NOT EXISTS (${columns.replace('$3', '$4')} EXCEPT ${columns})
   AND NOT EXISTS (SELECT 1 FROM duckdb_indexes() WHERE database_name = $1 AND lower(schema_name) = lower($2) AND lower(table_name) = lower($3))
   AND NOT EXISTS (SELECT 1 FROM duckdb_constraints() WHERE database_name = $1 AND lower(schema_name) = lower($2) AND lower(table_name) = lower($3) AND constraint_type <> 'NOT NULL')
   AND NOT EXISTS (SELECT 1 FROM duckdb_tables() WHERE database_name = $1 AND lower(schema_name) = lower($2) AND lower(table_name) = lower($3) AND comment IS NOT NULL)`,
      [this.#catalogs.target.catalog, schema, table, beside],
    )
    return row?.[0] === 'true'
  }

  async settle(key: FenceKey, settled: NewSettled, table: TableName | null): Promise<void> {
    await this.#atOnce(async () => {
      if ((await this.#exec(fence.enter(this.#catalogs.target, key, 0))) !== 1n)
        throw new AppError('TM5002', `${key.flow} has a newer owner`)
      for (const statement of marks.settle(this.#catalogs.target, key, settled, writtenTable(this.#catalogs, table)))
        await this.#exec(statement)
    })
  }

  async forget(key: FenceKey, run: string): Promise<void> {
    await this.#atOnce(async () => {
      for (const statement of marks.forget(this.#catalogs.target, key, run)) await this.#exec(statement)
    })
  }

  #exec(statement: Sql): Promise<bigint> {
    return exec(this.#session, statement, this.location)
  }
}
