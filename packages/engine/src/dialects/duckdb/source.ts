/** Asking a DuckDB file: what it holds, which moment it is, which window is safe. */
import type { TableName } from '@tidemark/contract/flow'
import type { DuckdbFile, DuckdbSession } from '../../drivers/duckdb.ts'
import type { Bounds, BoundsRequest, Moment } from '../bounds.ts'
import type {
  FlowRelation,
  PlannedPosition,
  Selection,
  SourceIdentity,
  SourcePort,
  TableFacts,
  Tally,
  WantedTypes,
} from '../contract.ts'
import { ident, param, type Sql, sql } from '../sql-text.ts'
import { tallyQuery } from '../relational/capture.sql.ts'
import { describeTable, fileFingerprint, fileIdentity, isTable, schemaAndTable } from './introspect.ts'
import { type Catalogs, sourceTable, typed } from '../relational/names.ts'
import { query } from './run-sql.ts'
import { exactCast } from './try-cast.sql.ts'
import { belowTick, canBeKey, logicalTypeOf, passedAt, positionClass } from './types.ts'

/** What differs between an attached file and a folder of files. */
export interface SourceFacts {
  describe(table: TableName, wanted: WantedTypes | null): Promise<TableFacts | null>
  identity(): SourceIdentity
  fingerprint(): string
  /** Looked at before the clock is; the answer is asked after it: the oldest transaction that may still write to that table. */
  oldestOpenOf(table: TableName): Promise<() => ReturnType<DuckdbFile['oldestOpen']>>
  /** the error of a statement that read the source */
  explain(error: unknown): Promise<unknown>
}

export const attachedFacts = (file: DuckdbFile, session: DuckdbSession): SourceFacts => ({
  describe: (table) => describeTable(file, session, table),
  identity: () => fileIdentity(file.path),
  fingerprint: () => fileFingerprint(file.path),
  oldestOpenOf: async (table) => {
    const isFilling = await fillersOf(file, session, table)
    return () => file.oldestOpen(isFilling)
  },
  explain: (error) => Promise.resolve(error),
})

/** Sessions whose open batch fills the table that positions are read from; a view may read any table. */
async function fillersOf(
  file: DuckdbFile,
  session: DuckdbSession,
  table: TableName,
): Promise<(session: DuckdbSession) => boolean> {
  const name = (t: TableName): string => schemaAndTable(t).join('\0').toLowerCase()
  const known = await isTable(file, session, table)
  return ({ fills }) => fills !== null && (!known || name(fills) === name(table))
}

export class DuckdbSource implements SourcePort {
  readonly foldsCase = true
  readonly positionClass = positionClass
  readonly canBeKey = canBeKey
  readonly logicalTypeOf = logicalTypeOf
  readonly location: string
  readonly #facts: SourceFacts
  readonly #session: DuckdbSession
  readonly #catalogs: Catalogs
  readonly #between: () => Promise<void>

  /** `between`: called after the clock and before the ceiling is read; a test's late transaction begins there. */
  constructor(
    facts: SourceFacts,
    session: DuckdbSession,
    catalogs: Catalogs,
    location: string,
    between: () => Promise<void>,
  ) {
    this.#facts = facts
    this.#session = session
    this.#catalogs = catalogs
    this.location = location
    this.#between = between
  }

  describe(table: TableName, wanted: WantedTypes | null = null): Promise<TableFacts | null> {
    return this.#facts.describe(table, wanted)
  }

  identity(): Promise<SourceIdentity> {
    return Promise.resolve(this.#facts.identity())
  }

  fingerprint(): Promise<string> {
    return Promise.resolve(this.#facts.fingerprint())
  }

  async listValues(table: TableName, name: string): Promise<readonly string[]> {
    const rows = await this.#rows(
      sql`SELECT DISTINCT CAST(${ident(name)} AS VARCHAR) AS v FROM ${sourceTable(this.#catalogs, table)} WHERE ${ident(name)} IS NOT NULL ORDER BY v`,
    )
    return rows.map(([v]) => v ?? '')
  }

  async canonical(type: string, text: string): Promise<string | null> {
    const [row] = await this.#rows(
      sql`SELECT CAST(${exactCast('VARCHAR', type, sql`x`)} AS VARCHAR) FROM (SELECT CAST(${param(text)} AS VARCHAR) AS x) AS q`,
    )
    return row?.[0] ?? null
  }

  async moment(position: PlannedPosition, positionTable: TableName): Promise<Moment> {
    if (positionClass(position.type) === 'number') return this.#look(position, positionTable)
    const oldestOpen = await this.#facts.oldestOpenOf(positionTable)
    const clock = await this.#clock(position)
    await this.#between()
    const oldest = oldestOpen()
    const ceiling = oldest && { at: await this.#inColumnTerms(position, oldest.since), heldBy: oldest.backend }
    return { clock, ceiling, look: null }
  }

  async #clock(position: PlannedPosition): Promise<string> {
    const now =
      position.type === 'TIMESTAMP WITH TIME ZONE'
        ? sql`get_current_timestamp()`
        : sql`get_current_timestamp() AT TIME ZONE ${param(position.zone ?? 'UTC')}`
    const [row] = await this.#rows(sql`SELECT CAST(${now} AS VARCHAR)`)
    return row?.[0] ?? ''
  }

  /** A UTC timestamp as the column would hold it. */
  async #inColumnTerms(position: PlannedPosition, utc: string): Promise<string> {
    const instant = sql`timezone('UTC', CAST(${param(utc)} AS TIMESTAMP))`
    const local =
      position.type === 'TIMESTAMP WITH TIME ZONE'
        ? instant
        : sql`timezone(CAST(${param(position.zone ?? 'UTC')} AS VARCHAR), ${instant})`
    const [row] = await this.#rows(sql`SELECT CAST(${local} AS VARCHAR)`)
    return row?.[0] ?? ''
  }

  /** The greatest value, then the open transactions: one that was open while looking is still open, or its numbers can be read. */
  async #look(position: PlannedPosition, positionTable: TableName): Promise<Moment> {
    const oldestOpen = await this.#facts.oldestOpenOf(positionTable)
    const [row] = await this.#rows(
      sql`SELECT CAST(max(${ident(position.ref.column)}) AS VARCHAR) FROM ${sourceTable(this.#catalogs, positionTable)}`,
    )
    await this.#between()
    const oldest = oldestOpen()
    if (oldest) return { clock: null, ceiling: { at: oldest.since, heldBy: oldest.backend }, look: null }
    return { clock: null, ceiling: null, look: row?.[0] ?? null }
  }

  async bounds(request: BoundsRequest): Promise<Bounds> {
    return positionClass(request.position.type) === 'number' ? this.#numberBounds(request) : this.#timeBounds(request)
  }

  async #numberBounds({ position, moment, buffer, watermark, earlierLook }: BoundsRequest): Promise<Bounds> {
    const type = typed(position.type)
    const upTo = moment.look ?? (moment.ceiling ? earlierLook : null)
    // no number above the watermark, but rows that came late may lie inside the overlap
    const within = buffer === 0n ? sql`<=` : sql`<`
    const [row] = await this.#rows(
      sql`SELECT CAST(CAST(${param(watermark)} AS ${type}) - CAST(${param(buffer)} AS HUGEINT) AS VARCHAR), coalesce(CAST(${param(upTo)} AS ${type}) ${within} CAST(${param(watermark)} AS ${type}), ${param(upTo === null)})`,
    )
    const after = watermark === null ? null : buffer === 0n ? watermark : (row?.[0] ?? null)
    return { after, upTo, decidedBy: 'look', heldBack: row?.[1] === 'true', clockBelowWatermark: false }
  }

  async #timeBounds({ position, moment, buffer, watermark }: BoundsRequest): Promise<Bounds> {
    const type = typed(position.type)
    // arithmetic in the type of the clock; the column's own type may be coarser
    const wide = position.type === 'TIMESTAMP WITH TIME ZONE' ? typed('TIMESTAMP WITH TIME ZONE') : typed('TIMESTAMP')
    const at = (text: string | null): Sql => sql`CAST(${param(text)} AS ${wide})`
    const back = sql`to_milliseconds(CAST(${param(buffer)} AS BIGINT))`
    const young = sql`(${at(moment.clock)} - ${back})`
    const ceiling = at(moment.ceiling?.at ?? null)
    const mark = sql`CAST(${param(watermark)} AS ${type})`
    const after = sql`CAST(CAST(${mark} AS ${wide}) - ${back} - to_microseconds(1) AS ${type})`
    const [row] = await this.#rows(
      sql`SELECT CAST(up_to AS VARCHAR), CAST(${after} AS VARCHAR), coalesce(${ceiling} < ${young}, FALSE), coalesce(up_to <= ${mark}, FALSE), coalesce(${at(moment.clock)} < CAST(${mark} AS ${wide}), FALSE)
FROM (SELECT ${belowTick(position.type, sql`least(${young}, coalesce(${ceiling}, ${young}))`)} AS up_to) AS q`,
    )
    const byCeiling = row?.[2] === 'true'
    return {
      after: watermark === null ? null : buffer === 0n ? watermark : (row?.[1] ?? null),
      upTo: row?.[0] ?? null,
      decidedBy: byCeiling ? 'ceiling' : buffer > 0n ? 'buffer' : 'clock',
      heldBack: row?.[3] === 'true',
      clockBelowWatermark: row?.[4] === 'true',
    }
  }

  async tally(relation: FlowRelation, selection: Selection, buffer: bigint, targetExists: boolean): Promise<Tally> {
    const [row] = await this.#rows(tallyQuery(this.#catalogs, relation, selection, targetExists))
    const waitingMax = row?.[2] ?? null
    const time = relation.position !== null && waitingMax !== null && positionClass(relation.position.type) === 'time'
    return {
      rows: BigInt(row?.[0] ?? '0'),
      waiting: BigInt(row?.[1] ?? '0'),
      waitingMax,
      waitingUntil: time && relation.position ? await this.#later(relation.position.type, waitingMax, buffer) : null,
      nullPositions: BigInt(row?.[3] ?? '0'),
    }
  }

  async #later(type: string, text: string, buffer: bigint): Promise<string | null> {
    const [row] = await this.#rows(
      sql`SELECT CAST(${passedAt(type, sql`CAST(CAST(${param(text)} AS ${typed(type)}) AS TIMESTAMP)`)} + to_milliseconds(CAST(${param(buffer)} AS BIGINT)) AS VARCHAR)`,
    )
    return row?.[0] ?? null
  }

  async compare(type: string, a: string, b: string): Promise<-1 | 0 | 1> {
    const [x, y] = [sql`CAST(${param(a)} AS ${typed(type)})`, sql`CAST(${param(b)} AS ${typed(type)})`]
    const [row] = await this.#rows(sql`SELECT CASE WHEN ${x} < ${y} THEN -1 WHEN ${x} = ${y} THEN 0 ELSE 1 END`)
    return row?.[0] === '-1' ? -1 : row?.[0] === '0' ? 0 : 1
  }

  async #rows(statement: Sql): Promise<readonly (readonly (string | null)[])[]> {
    try {
      return await query(this.#session, statement, this.location, 'TM4019')
    } catch (error) {
      throw await this.#facts.explain(error)
    }
  }
}
