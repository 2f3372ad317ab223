/** A PostgreSQL database as a target: fence, markers, the settled marker, the target table. */
import type { TableName } from '@tidemark/contract/flow'
import { NO_ROWS } from '@tidemark/contract/row-counts'
import type { PostgresSession } from '../../drivers/postgres.ts'
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
import type { SelfReference } from '../flow-relation.ts'
import { addColumns, createSide, createTarget, replaceTable, vanishing } from '../relational/apply.sql.ts'
import { dropUnselected } from '../relational/capture.sql.ts'
import { predicates } from '../relational/selection.sql.ts'
import * as marks from '../relational/fence.sql.ts'
import { markerCounts, markerOf, rejectOf, settledOf, swapOf } from '../relational/marker-rows.ts'
import { type Catalogs, type TargetNames, targetTable, writtenTable } from '../relational/names.ts'
import { OWN_TABLES } from '../relational/recall.sql.ts'
import type { Sender } from '../relational/sender.ts'
import { ident, printable, sql } from '../sql-text.ts'
import { atOnce } from './at-once.ts'
import * as fence from './fence.sql.ts'
import { type ForeignTypes, heldAbroad } from '../foreign-types.ts'
import { describeTable, selfReferences } from './introspect.ts'
import { OWN_SCHEMA, schemaAndTable, sideTableName } from './names.ts'
import { raiseFence } from './raise-fence.ts'
import { replaceRows } from './replace-rows.ts'
import { senderOf } from './run-sql.ts'
import { openSession, type PostgresConnection } from './session.ts'
import { isPlain, keyName, renameKey, uniqueBeside } from './swap.sql.ts'
import { typeNamed } from './type-of.ts'
import { holderOf, logicalTypeOf, narrowing, TEXTS } from './types.ts'
import { elementOf, findType, formatType } from './type-text.ts'

/** characters */
const LONGEST_VARYING = 10_485_760

export class PostgresTarget implements TargetPort {
  readonly location: string
  readonly #connection: PostgresConnection
  readonly #session: PostgresSession
  readonly #catalogs: Catalogs
  readonly #to: Sender
  readonly #foreign: ForeignTypes | null

  /** `foreign`: what types of the source mean, where it is of another kind. */
  constructor(
    connection: PostgresConnection,
    session: PostgresSession,
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

  describe(table: TableName): Promise<TableFacts | null> {
    return describeTable(this.#session, table, this.#connection.schema, this.location)
  }

  nameOf(table: TableName): readonly [string, string] {
    return schemaAndTable(table, this.#connection.schema)
  }

  selfReferences(table: TableName): Promise<readonly SelfReference[]> {
    return selfReferences(this.#session, table, this.#connection.schema, this.location)
  }

  async isEmpty(table: TableName): Promise<boolean> {
    return (await this.#to.query(sql`SELECT 1 FROM ${targetTable(this.#catalogs, table)} LIMIT 1`)).length === 0
  }

  /** Of the tables of the fence and those that hold positions, those that are there. */
  async #own(): Promise<ReadonlySet<string>> {
    return new Set((await this.#to.query(fence.listTables(OWN_SCHEMA))).map(([name]) => name ?? ''))
  }

  async settled(flow: string): Promise<readonly SettledMarker[]> {
    if (!(await this.#own()).has('settled')) return []
    return (await this.#to.query(marks.listSettled(this.#catalogs.target, flow))).map(settledOf)
  }

  /** Is there a side table for that table's positions? */
  async keepsPositions(table: TableName): Promise<boolean> {
    return (await this.#own()).has(sideTableName(table, this.#connection.schema))
  }

  check(_relation: FlowRelation, _apply: string): void {
    // a table takes whatever a relation may hold
  }

  createTableText(relation: FlowRelation): string {
    return printable(createTarget(this.#catalogs, relation, ident(...relation.target.table)))
  }

  addColumnTexts(relation: FlowRelation): readonly string[] {
    return addColumns(relation, ident(...relation.target.table)).map((statement) => printable(statement))
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

  /** A type of ours, and not one of the source's that is called alike. */
  #isOwn(type: string): boolean {
    return this.#foreign === null || (this.#foreign(type) === null && logicalTypeOf(type) !== null)
  }

  typeNamed(text: string): Promise<string | null> {
    return typeNamed(this.#session, text, this.location)
  }

  async lacks(type: string): Promise<string | null> {
    const wanted = findType(type)
    if (wanted === null || wanted.user === null) return null
    const found = await this.typeNamed(type)
    const name = formatType(elementOf(wanted))
    if (found === null) return `this database has no type ${name}: make it there, or cast the column to text`
    return found === type ? null : (narrowing(type, found) ?? `its ${name} is made otherwise`)
  }

  textType(length: number): string {
    return length <= LONGEST_VARYING ? `character varying(${length})` : 'text'
  }

  holdsText(text: string, length: number): boolean {
    const type = findType(text)
    if (type === null || type.array || type.user !== null || !TEXTS.has(type.name)) return false
    return type.name === 'text' || (type.name === 'character varying' && (type.modifiers?.[0] ?? length) >= length)
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
        await this.#makeSchemas([this.nameOf(landing)[0]])
        await this.#to.exec(createTarget(c, relation, targetTable(c, landing)))
        // batches beside each other must not both land a value that the target takes once
        if (relation.target.beside)
          for (const columns of relation.target.rules.unique) await this.#to.exec(uniqueBeside(c, relation, columns))
      }
      for (const statement of addColumns(relation, targetTable(c, relation.target.table)))
        await this.#to.exec(statement)
      const side = createSide(c, relation)
      if (side && !there.has(sideTableName(relation.target.table, this.#connection.schema))) await this.#to.exec(side)
    })
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
    return this.#to.count(marks.standsAt(this.#catalogs.target, store, flow))
  }

  async raiseFence(key: FenceKey, boundMs: number, signal: AbortSignal): Promise<void> {
    await using raising = await openSession(this.#connection, 'target')
    await raiseFence(raising, this.#session, this.#catalogs.target, key, this.location, boundMs, signal)
  }

  async markers(key: FenceKey, run: string): Promise<readonly Marker[]> {
    return (await this.#to.query(marks.listMarkers(this.#catalogs.target, key, run))).map(markerOf)
  }

  async rejects(key: FenceKey, run: string, batch: number): Promise<readonly RejectedRow[]> {
    return (await this.#to.query(marks.listRejects(this.#catalogs.target, key, run, batch))).map(rejectOf)
  }

  async swapped(key: FenceKey, run: string): Promise<bigint | null> {
    if (!(await this.#own()).has('marker')) return null
    const [row] = await this.#to.query(marks.findMarker(this.#catalogs.target, key, swapOf(run)))
    return row ? markerCounts(row).deleted : null
  }

  async swap(key: FenceKey, run: string, relation: FlowRelation, how: SwapOptions): Promise<void> {
    const c = this.#catalogs
    const there = (await this.describe(relation.target.table)) !== null
    await this.#atOnce(async () => {
      await expectOwner(this.#to, this.#catalogs.target, key)
      const [predicate] = how.still === null ? [] : predicates(c, relation, how.still, there)
      if (predicate) await this.#to.exec(dropUnselected(c, relation, predicate))
      const [row] = there ? await this.#to.query(vanishing(c, relation)) : []
      const deleted = BigInt(row?.[0] ?? '0')
      how.allow(deleted, BigInt(row?.[1] ?? '0'))
      await this.#to.exec(marks.insertMarker(c.target, key, swapOf(run)))
      await this.#to.exec(marks.completeMarker(c.target, key, swapOf(run), { ...NO_ROWS, deleted }))
      await this.#replace(relation, there)
    })
  }

  /** The table itself where nothing of its definition is lost with it; else its rows. */
  async #replace(relation: FlowRelation, there: boolean): Promise<void> {
    const table = this.nameOf(relation.target.table)
    const beside = this.nameOf(landingTable(relation))
    const [plain] = there ? await this.#to.query(isPlain(table, beside)) : [['t']]
    if (plain?.[0] !== 't') {
      await replaceRows(this.#to, this.#catalogs, relation, table)
      return
    }
    const [[was = null] = []] = await this.#to.query(keyName(table))
    const [[is = null] = []] = await this.#to.query(keyName(beside))
    for (const statement of replaceTable(this.#catalogs, relation)) await this.#to.exec(statement)
    const wanted = was ?? `${table[1]}_pkey`
    if (is !== null && is !== wanted) await this.#to.exec(renameKey(this.#catalogs, relation, is, wanted))
  }

  async settle(key: FenceKey, settled: NewSettled, table: TableName | null): Promise<void> {
    await this.#atOnce(async () => {
      await expectOwner(this.#to, this.#catalogs.target, key)
      for (const statement of marks.settle(this.#catalogs.target, key, settled, writtenTable(this.#catalogs, table)))
        await this.#to.exec(statement)
    })
  }

  async forget(key: FenceKey, run: string): Promise<void> {
    await this.#atOnce(async () => {
      for (const statement of marks.forget(this.#catalogs.target, key, run)) await this.#to.exec(statement)
    })
  }
}

/** In a transaction that lets no newer owner in until it ends. TM5002 where there is one. */
export async function expectOwner(to: Sender, c: TargetNames, key: FenceKey): Promise<void> {
  const [row] = await to.query(fence.enter(c, key, swapOf('')))
  if (row?.[0] !== String(key.token)) throw new AppError('TM5002', `${key.flow} has a newer owner`)
}
