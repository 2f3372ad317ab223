/** Asking a PostgreSQL database: what it holds, which moment it is, which window is safe. */
import type { TableName } from '@tidemark/contract/flow'
import type { PostgresSession } from '../../drivers/postgres.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { Bounds, BoundsRequest, Moment } from '../bounds.ts'
import type {
  FlowRelation,
  PlannedPosition,
  Selection,
  SourceIdentity,
  SourcePort,
  TableFacts,
  Tally,
} from '../contract.ts'
import { ident, param, type Sql, sql } from '../sql-text.ts'
import { tallyQuery } from '../relational/capture.sql.ts'
import { type Catalogs, sourceTable, typed } from '../relational/names.ts'
import { numberBounds, timeBounds, xidBounds } from './bounds.ts'
import { databaseIdentity, describeTable, isIndexed, positionFacts } from './introspect.ts'
import { type Asking, numberMoment, timeMoment, xidMoment } from './moment.ts'
import { query } from './run-sql.ts'
import { needOrderedXids } from './server-version.ts'
import type { PostgresConnection } from './session.ts'
import { canBeKey, castName, isInstant, logicalTypeOf, passedAt, positionClass } from './types.ts'

/** SQLSTATE class of values that are none of their type */
const NO_SUCH_VALUE = /^22/

export class PostgresSource implements SourcePort {
  /** every name that we send is quoted, so none is folded */
  readonly foldsCase = false
  readonly positionClass = positionClass
  readonly canBeKey = canBeKey
  readonly logicalTypeOf = logicalTypeOf
  readonly location: string
  readonly #connection: PostgresConnection
  readonly #session: PostgresSession
  readonly #catalogs: Catalogs
  readonly #between: () => Promise<void>

  /**
   * `session`: opened for reading, and never in a transaction. `between`: called after the clock and before the ceiling
   * is read; a test's late transaction begins there.
   */
  constructor(
    connection: PostgresConnection,
    session: PostgresSession,
    catalogs: Catalogs,
    between: () => Promise<void> = () => Promise.resolve(),
  ) {
    this.location = connection.location
    this.#connection = connection
    this.#session = session
    this.#catalogs = catalogs
    this.#between = between
  }

  describe(table: TableName): Promise<TableFacts | null> {
    return describeTable(this.#session, table, this.#connection.schema, this.location)
  }

  identity(): Promise<SourceIdentity> {
    return databaseIdentity(this.#session, this.location)
  }

  /** Grows with every transaction of the cluster that writes. */
  async fingerprint(): Promise<string> {
    const { system } = await this.identity()
    const [row] = await this.#rows(sql`SELECT CAST(pg_current_snapshot() AS text)`)
    return `${system} ${row?.[0]}`
  }

  async listValues(table: TableName, name: string): Promise<readonly string[]> {
    const rows = await this.#rows(
      sql`SELECT DISTINCT CAST(${ident(name)} AS text) COLLATE "C" AS v FROM ${sourceTable(this.#catalogs, table)} WHERE ${ident(name)} IS NOT NULL ORDER BY v`,
    )
    return rows.map(([v]) => v ?? '')
  }

  async canonical(type: string, text: string): Promise<string | null> {
    const value = this.#catalogs.kit.exactCast('text', type, sql`q.x`)
    try {
      const [row] = await this.#rows(
        sql`SELECT CAST(${value} AS text) FROM (SELECT CAST(${param(text)} AS text) AS x OFFSET 0) AS q`,
      )
      return row?.[0] ?? null
    } catch (error) {
      if (error instanceof AppError && NO_SUCH_VALUE.test(String(error.facts['sqlstate'] ?? ''))) return null
      throw error
    }
  }

  async moment(position: PlannedPosition, positionTable: TableName): Promise<Moment> {
    const order = positionClass(position.type)
    const { schema } = this.#connection
    const { foreign, cache } = await positionFacts(
      this.#session,
      positionTable,
      position.ref.column,
      schema,
      this.location,
    )
    if (order === 'xid' && foreign)
      throw new AppError(
        'TM4003',
        `position ${position.ref.column} is in a foreign table: its transaction ids are those of another server`,
      )
    if (order === 'xid') {
      await needOrderedXids(this.#session, this.location)
      return await xidMoment(this.#asking)
    }
    if (order === 'time') return await timeMoment(this.#asking, position, foreign)
    const cached =
      cache > 1n
        ? `sessions take ${cache} numbers of the sequence at once and may use them later, after greater ones: the overlap (buffer) has to cover that, or ALTER SEQUENCE … CACHE 1`
        : null
    const table = sourceTable(this.#catalogs, positionTable)
    return await numberMoment(this.#asking, position, table, { foreign, cached })
  }

  async bounds(request: BoundsRequest): Promise<Bounds> {
    switch (positionClass(request.position.type)) {
      case 'xid':
        return xidBounds(request)
      case 'number':
        return await numberBounds(this.#asking, request)
      default:
        return await timeBounds(this.#asking, request)
    }
  }

  async tally(relation: FlowRelation, selection: Selection, buffer: bigint, targetExists: boolean): Promise<Tally> {
    const indexed = selection.window?.after != null && (await this.#isIndexed(relation))
    const [row] = await this.#rows(tallyQuery(this.#catalogs, relation, selection, targetExists, indexed))
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

  /** Does an index of the position's table begin with it? */
  async #isIndexed({ position, source }: FlowRelation): Promise<boolean> {
    if (position === null) return false
    const { ref } = position
    const table = ref.table === null ? source.table : source.joins.find((j) => j.as === ref.table)?.table
    if (table === undefined) return false
    return await isIndexed(this.#session, table, ref.column, this.#connection.schema, this.location)
  }

  async compare(type: string, a: string, b: string): Promise<-1 | 0 | 1> {
    const [x, y] = [sql`CAST(${param(a)} AS ${castName(type)})`, sql`CAST(${param(b)} AS ${castName(type)})`]
    const [row] = await this.#rows(sql`SELECT CASE WHEN ${x} < ${y} THEN -1 WHEN ${x} = ${y} THEN 0 ELSE 1 END`)
    return row?.[0] === '-1' ? -1 : row?.[0] === '0' ? 0 : 1
  }

  async #later(type: string, text: string, buffer: bigint): Promise<string | null> {
    const wide = typed(isInstant(type) ? 'timestamp with time zone' : 'timestamp without time zone')
    const at = passedAt(type, sql`CAST(CAST(${param(text)} AS ${typed(type)}) AS ${wide})`)
    const [row] = await this.#rows(
      sql`SELECT CAST(${at} + (CAST(${param(buffer)} AS bigint) * interval '1 millisecond') AS text)`,
    )
    return row?.[0] ?? null
  }

  get #asking(): Asking {
    const { readOnlyRoles } = this.#connection
    return { session: this.#session, where: this.location, readOnlyRoles, between: this.#between }
  }

  #rows(statement: Sql): Promise<readonly (readonly (string | null)[])[]> {
    return query(this.#session, statement, this.location, 'TM4019')
  }
}
