/** Asking a database of SQL Server: what it holds, which moment it is, which window is safe. */
import { randomUUID } from 'node:crypto'
import type { TableName } from '@tidemark/contract/flow'
import { formatColumnRef, formatTableName } from '@tidemark/contract/table-name'
import type { SqlServerSession } from '../../drivers/sqlserver.ts'
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
import { type Catalogs, sourceTable } from '../relational/names.ts'
import { ident, param, type Sql, sql } from '../sql-text.ts'
import type { ServerZone } from './activity.sql.ts'
import { ask, type Asking, askMaybe, NotShown, type Rows } from './ask.ts'
import { numberBounds, rowVersionBounds, timeBounds, waitingUntil } from './bounds.ts'
import { tallyQuery } from './capture.sql.ts'
import { databaseIdentity } from './identity.ts'
import { describeTable } from './introspect.ts'
import { numberMoment, rowVersionMoment, timeMoment } from './moment.ts'
import { databasesBeside, type Place } from './names.ts'
import type { PositionPlace } from './place.ts'
import { positionColumn } from './position-column.ts'
import { sceneOf } from './scene.ts'
import type { SqlServerConnection } from './session.ts'
import { findZone, type Standing } from './standing.ts'
import { WRITES } from './standing.sql.ts'
import { canBeKey, logicalTypeOf, positionClass } from './types.ts'

/** Compared as the bytes are: what a collation holds equal are values of their own. */
const BY_BYTES = sql`COLLATE Latin1_General_BIN2`

export class SqlServerSource implements SourcePort {
  /** as nearly every database does; in one that does not, a name is found as it is written before any other */
  readonly foldsCase = true
  readonly positionClass = positionClass
  readonly canBeKey = canBeKey
  readonly logicalTypeOf = logicalTypeOf
  readonly location: string
  readonly #connection: SqlServerConnection
  readonly #asking: Asking
  readonly #catalogs: Catalogs
  readonly #tables: readonly TableName[]
  readonly #zones = new Map<string | null, Promise<ServerZone>>()

  /**
   * `session`: opened for reading, and never in a transaction. `tables`: those that the flow reads. `between`: called after the clock and before the ceiling
   * is read; a test's late transaction begins there.
   */
  constructor(
    connection: SqlServerConnection,
    session: SqlServerSession,
    catalogs: Catalogs,
    tables: readonly TableName[],
    between: () => Promise<void> = () => Promise.resolve(),
  ) {
    const { location, readOnlyLogins } = connection
    this.location = location
    this.#connection = connection
    this.#asking = { session, where: location, readOnlyLogins, between }
    this.#catalogs = catalogs
    this.#tables = tables
  }

  describe(table: TableName): Promise<TableFacts | null> {
    return describeTable(this.#asking.session, table, this.#at, this.location)
  }

  identity(): Promise<SourceIdentity> {
    const { database } = this.#at
    return databaseIdentity(this.#asking.session, database, databasesBeside(this.#tables, database), this.location)
  }

  /** Where the server does not show how much was written, nobody knows that nothing was. */
  async fingerprint(): Promise<string> {
    const { system: own, beside = {} } = await this.identity()
    const system = [own, ...Object.values(beside).map((other) => other.system)].join(' ')
    const rows = await askMaybe(this.#asking, WRITES)
    const [row] = rows instanceof NotShown ? [] : rows
    return row === undefined || row.includes(null) ? `${system} ${randomUUID()}` : `${system} ${row.join(' ')}`
  }

  async listValues(table: TableName, name: string): Promise<readonly string[]> {
    const columns = (await this.describe(table))?.columns ?? []
    const folded = columns.find((c) => c.name.toLowerCase() === name.toLowerCase())
    const column = columns.find((c) => c.name === name) ?? folded
    if (column === undefined)
      throw new AppError('TM4002', `${name} is not in ${formatTableName(table)} on ${this.location}`, {
        remedy: [`its columns: ${columns.map((c) => c.name).join(', ')}`],
      })
    const text = this.#catalogs.kit.asText(column.type, ident(column.name))
    const rows = await this.#rows(
      sql`SELECT DISTINCT ${text} ${BY_BYTES} AS v FROM ${sourceTable(this.#catalogs, table)} WHERE ${ident(column.name)} IS NOT NULL ORDER BY v`,
    )
    return rows.map(([v]) => v ?? '')
  }

  async canonical(type: string, text: string): Promise<string | null> {
    const { kit } = this.#catalogs
    const [row] = await this.#rows(
      sql`SELECT ${kit.asText(type, sql`r.v`)} FROM (SELECT ${kit.exactCast(kit.textType, type, sql`q.x`)} AS v FROM (SELECT CAST(${param(text)} AS nvarchar(max)) AS x) AS q) AS r`,
    )
    return row?.[0] ?? null
  }

  async moment(position: PlannedPosition, positionTable: TableName): Promise<Moment> {
    const { place, owned } = await positionColumn(this.#asking, positionTable, position.ref.column, this.#at)
    const scene = await sceneOf(this.#asking, place, (at, standing) => this.#zoneOf(at, standing))
    switch (positionClass(position.type)) {
      case 'rowversion': {
        const where = scene.apart ?? (scene.standing.copy === 'primary' ? null : `a ${scene.standing.copy} copy`)
        const why = owned
          ? where && `the database that gives its row versions does not tell which are not committed yet: ${where}`
          : 'the view does not tell of which table its row versions are'
        if (why !== null) throw new AppError('TM4003', `position ${formatColumnRef(position.ref)}: ${why}`)
        return await rowVersionMoment(scene)
      }
      case 'number': {
        const greatest = this.#catalogs.kit.asText(position.type, sql`MAX(${ident(position.ref.column)})`)
        return await numberMoment(scene, sql`SELECT ${greatest} FROM ${sourceTable(this.#catalogs, positionTable)}`)
      }
      default:
        return await timeMoment(scene, position)
    }
  }

  bounds(request: BoundsRequest): Promise<Bounds> {
    switch (positionClass(request.position.type)) {
      case 'rowversion':
        return Promise.resolve(rowVersionBounds(request))
      case 'number':
        return Promise.resolve(numberBounds(request))
      default:
        return Promise.resolve(timeBounds(request))
    }
  }

  async tally(relation: FlowRelation, selection: Selection, buffer: bigint, targetExists: boolean): Promise<Tally> {
    const [row] = await this.#rows(tallyQuery(this.#catalogs, relation, selection, targetExists))
    const waitingMax = row?.[2] ?? null
    const { position } = relation
    const timed = position !== null && waitingMax !== null && positionClass(position.type) === 'time'
    return {
      rows: BigInt(row?.[0] ?? '0'),
      waiting: BigInt(row?.[1] ?? '0'),
      waitingMax,
      waitingUntil: timed ? waitingUntil(position, waitingMax, buffer) : null,
      nullPositions: BigInt(row?.[3] ?? '0'),
    }
  }

  async compare(type: string, a: string, b: string): Promise<-1 | 0 | 1> {
    const { kit } = this.#catalogs
    const [row] = await this.#rows(
      sql`SELECT CASE WHEN q.x < q.y THEN -1 WHEN q.x = q.y THEN 0 ELSE 1 END FROM (SELECT ${kit.valueOf(type, param(a))} AS x, ${kit.valueOf(type, param(b))} AS y) AS q`,
    )
    return row?.[0] === '-1' ? -1 : row?.[0] === '0' ? 0 : 1
  }

  /** A server's zone is that of its machine, and changes when it is restarted. */
  #zoneOf(place: PositionPlace, standing: Standing): Promise<ServerZone> {
    const known = this.#zones.get(place.server) ?? findZone(this.#asking, place, standing)
    this.#zones.set(place.server, known)
    return known
  }

  get #at(): Place {
    const { options, schema } = this.#connection
    return { database: options.database, schema }
  }

  #rows(statement: Sql): Promise<Rows> {
    return ask(this.#asking, statement)
  }
}
