/** A SQL Server database as a target: fence, markers, the settled marker, the target table. */
import type { TableName } from '@tidemark/contract/flow'
import { NO_ROWS } from '@tidemark/contract/row-counts'
import type { SqlServerSession } from '../../drivers/sqlserver.ts'
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
import { type ForeignTypes, heldAbroad } from '../foreign-types.ts'
import { predicates } from '../relational/selection.sql.ts'
import * as shared from '../relational/fence.sql.ts'
import { markerCounts, markerOf, rejectOf, settledOf, swapOf } from '../relational/marker-rows.ts'
import { type Catalogs, type TargetNames, targetTable, writtenTable } from '../relational/names.ts'
import { OWN_TABLES } from '../relational/recall.sql.ts'
import type { Sender } from '../relational/sender.ts'
import type { RejectedRow } from '../row-policy.ts'
import type { SelfReference } from '../flow-relation.ts'
import { ident, type Sql, sql } from '../sql-text.ts'
import { atOnce } from './at-once.ts'
import { dropUnselected } from './capture.sql.ts'
import * as fence from './fence.sql.ts'
import { describeTable, selfReferences } from './introspect.ts'
import { landingOf } from './land.ts'
import { type NamesAt, OWN_SCHEMA, schemaAndTable, sideTableName } from './names.ts'
import { raiseFence } from './raise-fence.ts'
import { senderOf } from './run-sql.ts'
import { openSession, type SqlServerConnection } from './session.ts'
import { printed } from './style.ts'
import {
  addColumns,
  createSide,
  createTarget,
  renameBeside,
  replaceRows,
  uniqueBeside,
  vanishing,
} from './table.sql.ts'
import { whyUnmoved } from './narrowing.ts'
import { typeNamed } from './type-of.ts'
import { copyType, holderOf, logicalTypeOf, narrowing } from './types.ts'

/** characters; longer ones are of any length */
const LONGEST_VARYING = 4_000

export class SqlServerTarget implements TargetPort {
  readonly location: string
  readonly logicalTypeOf = logicalTypeOf
  readonly #connection: SqlServerConnection
  readonly #session: SqlServerSession
  readonly #catalogs: Catalogs
  readonly #to: Sender
  readonly #foreign: ForeignTypes | null

  /** `foreign`: what types of the source mean, where it is of another kind. */
  constructor(
    connection: SqlServerConnection,
    session: SqlServerSession,
    catalogs: Catalogs,
    foreign: ForeignTypes | null = null,
  ) {
    this.location = connection.location
    this.#connection = connection
    this.#session = session
    this.#catalogs = catalogs
    this.#foreign = foreign
    this.#to = senderOf(session, connection.location)
  }

  get #at(): NamesAt {
    return { database: this.#connection.options.database, schema: this.#connection.schema }
  }

  describe(table: TableName): Promise<TableFacts | null> {
    return describeTable(this.#session, table, this.#at, this.location)
  }

  selfReferences(table: TableName): Promise<readonly SelfReference[]> {
    return selfReferences(this.#session, table, this.#at, this.location)
  }

  async isEmpty(table: TableName): Promise<boolean> {
    return (await this.#to.query(sql`SELECT TOP (1) 1 FROM ${targetTable(this.#catalogs, table)}`)).length === 0
  }

  /** Of the tables of the fence and those that hold positions, those that are there. */
  async #own(): Promise<ReadonlySet<string>> {
    return new Set((await this.#to.query(fence.listTables(OWN_SCHEMA))).map(([name]) => name ?? ''))
  }

  async settled(flow: string): Promise<readonly SettledMarker[]> {
    if (!(await this.#own()).has('settled')) return []
    return (await this.#to.query(shared.listSettled(this.#catalogs.target, flow))).map(settledOf)
  }

  /** Is there a side table for that table's positions? */
  async keepsPositions(table: TableName): Promise<boolean> {
    return (await this.#own()).has(sideTableName(table, this.#at))
  }

  check(_relation: FlowRelation, _apply: string): void {
    // a table takes whatever a relation may hold
  }

  createTableText(relation: FlowRelation): string {
    return printed(createTarget(relation, ident(...relation.target.table)))
  }

  addColumnTexts(relation: FlowRelation): readonly string[] {
    return addColumns(relation, ident(...relation.target.table)).map((statement) => printed(statement))
  }

  typeFor(sourceType: string): string | null {
    if (this.#isOwn(sourceType)) return whyUnmoved(sourceType) === null ? copyType(sourceType) : null
    return heldAbroad(this.#foreign, sourceType, holderOf).type
  }

  narrowing(sourceType: string, targetType: string): string | null {
    if (this.#isOwn(sourceType)) return narrowing(sourceType, targetType)
    const { type, why } = heldAbroad(this.#foreign, sourceType, holderOf)
    return type === null ? why : narrowing(type, targetType)
  }

  castNarrowing(cast: string, targetType: string): string | null {
    return narrowing(cast, targetType)
  }

  /** A type of ours, and not one of the source's that is called alike. */
  #isOwn(type: string): boolean {
    return this.#foreign === null || (this.#foreign(type) === null && logicalTypeOf(type) !== null)
  }

  typeNamed(text: string): Promise<string | null> {
    return typeNamed(this.#session, text, this.#at, this.location)
  }

  lacks(): Promise<string | null> {
    return Promise.resolve(null)
  }

  textType(length: number): string {
    return length <= LONGEST_VARYING ? `nvarchar(${length})` : 'nvarchar(max)'
  }

  holdsText(text: string, length: number): boolean {
    const [, size] = /^nvarchar\((max|\d+)\)$/.exec(text) ?? []
    return size === 'max' || (size !== undefined && Number(size) >= length)
  }

  async prepare(relation: FlowRelation, createTable: boolean, key: FenceKey, anew = false): Promise<void> {
    const c = this.#catalogs
    const landing = landingTable(relation)
    await this.#atOnce(async () => {
      // only what is missing: a target that a DBA has prepared asks for no right to create
      const there = await this.#own()
      await this.#makeSchemas(there.size === 0 ? [OWN_SCHEMA] : [])
      for (const name of OWN_TABLES) if (!there.has(name)) await this.#to.exec(fence.createOwn(name))
      await this.#to.exec(fence.addFence(c.target, key))
      if (anew && relation.target.beside) await this.#to.exec(sql`DROP TABLE IF EXISTS ${targetTable(c, landing)}`)
      if (createTable || (anew && relation.target.beside)) {
        await this.#makeSchemas([schemaAndTable(landing, this.#at)[0]])
        await this.#to.exec(createTarget(relation, targetTable(c, landing)))
        // batches beside each other must not both land a value that the target takes once
        if (relation.target.beside)
          for (const [i, columns] of relation.target.rules.unique.entries())
            await this.#to.exec(uniqueBeside(c, relation, columns, i + 1))
      }
      for (const statement of addColumns(relation, targetTable(c, relation.target.table)))
        await this.#to.exec(statement)
      for (const statement of createSide(c, relation, this.#view(relation))) await this.#to.exec(statement)
    })
  }

  /** Of the target's rows with their positions. */
  #view({ target }: FlowRelation): Sql {
    return ident(OWN_SCHEMA, sideTableName(target.table, this.#at).replace(/^tidemark_position__/, 'tidemark_view__'))
  }

  async #makeSchemas(names: readonly string[]): Promise<void> {
    if (names.length === 0) return
    const there = new Set((await this.#to.query(fence.listSchemas(names))).map(([name]) => name))
    for (const name of names) if (!there.has(name)) await this.#to.exec(fence.createSchema(name))
  }

  #atOnce(work: () => Promise<void>): Promise<void> {
    return atOnce(this.#session, this.location, work)
  }

  async fenceToken(store: string, flow: string): Promise<bigint> {
    if (!(await this.#own()).has('fence')) return 0n
    return this.#to.count(shared.standsAt(this.#catalogs.target, store, flow))
  }

  async raiseFence(key: FenceKey, boundMs: number, signal: AbortSignal): Promise<void> {
    await using raising = await openSession(this.#connection, 'target')
    await raiseFence(raising, this.#session, this.#catalogs.target, key, this.location, boundMs, signal)
  }

  async markers(key: FenceKey, run: string): Promise<readonly Marker[]> {
    return (await this.#to.query(shared.listMarkers(this.#catalogs.target, key, run))).map(markerOf)
  }

  async rejects(key: FenceKey, run: string, batch: number): Promise<readonly RejectedRow[]> {
    return (await this.#to.query(fence.listRejects(this.#catalogs.target, key, run, batch))).map(rejectOf)
  }

  async swapped(key: FenceKey, run: string): Promise<bigint | null> {
    if (!(await this.#own()).has('marker')) return null
    const [row] = await this.#to.query(fence.findMarker(this.#catalogs.target, key, swapOf(run)))
    return row ? markerCounts(row).deleted : null
  }

  async swap(key: FenceKey, run: string, relation: FlowRelation, how: SwapOptions): Promise<void> {
    const c = this.#catalogs
    const facts = await this.describe(relation.target.table)
    await this.#atOnce(async () => {
      await expectOwner(this.#to, this.#catalogs.target, key)
      const [predicate] = how.still === null ? [] : predicates(c, relation, how.still, facts !== null)
      if (predicate) await this.#to.exec(dropUnselected(c, relation, predicate))
      const [row] = facts === null ? [] : await this.#to.query(vanishing(c, relation))
      const deleted = BigInt(row?.[0] ?? '0')
      how.allow(deleted, BigInt(row?.[1] ?? '0'))
      await this.#to.exec(fence.insertMarker(c.target, key, swapOf(run)))
      await this.#to.exec(shared.completeMarker(c.target, key, swapOf(run), { ...NO_ROWS, deleted }))
      const statements = facts === null ? [renameBeside(c, relation)] : replaceRows(c, relation, landingOf(facts))
      for (const statement of statements) await this.#to.exec(statement)
    })
  }

  async settle(key: FenceKey, settled: NewSettled, table: TableName | null): Promise<void> {
    await this.#atOnce(async () => {
      await expectOwner(this.#to, this.#catalogs.target, key)
      for (const statement of fence.settle(this.#catalogs.target, key, settled, writtenTable(this.#catalogs, table)))
        await this.#to.exec(statement)
    })
  }

  async forget(key: FenceKey, run: string): Promise<void> {
    await this.#atOnce(async () => {
      for (const statement of shared.forget(this.#catalogs.target, key, run)) await this.#to.exec(statement)
    })
  }
}

/** In a transaction that lets no newer owner in until it ends. TM5002 where there is one. */
export async function expectOwner(to: Sender, c: TargetNames, key: FenceKey): Promise<void> {
  const [row] = await to.query(fence.enter(c, key))
  if (row?.[0] !== String(key.token)) throw new AppError('TM5002', `${key.flow} has a newer owner`)
}
