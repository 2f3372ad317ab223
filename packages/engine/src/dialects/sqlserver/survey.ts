/** `discover` in a SQL Server database, by a session that only reads. */
import type { TableName } from '@tidemark/contract/flow'
import type { SqlServerSession } from '../../drivers/sqlserver.ts'
import type { ConnectionTarget } from '../contract.ts'
import { ident, type Sql } from '../sql-text.ts'
import type { ColumnLook, DeclaredKey, SurveyedColumn, SurveyedTable, SurveyPort, TableLook } from '../survey.ts'
import { pathOf, type Place } from './names.ts'
import { count, query } from './run-sql.ts'
import { connectionOf, openSession, type SqlServerConnection } from './session.ts'
import * as ask from './survey.sql.ts'
import { typeOfFacets } from './type-names.sql.ts'
import { canBeKey, isInstant, positionClass } from './types.ts'

type Row = readonly (string | null)[]

export async function openSqlServerSurvey({ options }: Pick<ConnectionTarget, 'options'>): Promise<SurveyPort> {
  const connection = connectionOf(options)
  return new SqlServerSurvey(connection, await openSession(connection, 'source'))
}

class SqlServerSurvey implements SurveyPort {
  readonly #connection: SqlServerConnection
  readonly #session: SqlServerSession

  constructor(connection: SqlServerConnection, session: SqlServerSession) {
    this.#connection = connection
    this.#session = session
  }

  async tables(): Promise<readonly SurveyedTable[]> {
    const of = (statement: Sql): Promise<readonly Row[]> =>
      query(this.#session, statement, this.#connection.location, 'TM4019')
    const columns = byTable(await of(ask.COLUMNS))
    const keys = byTable(await of(ask.KEYS))
    const references = byTable(await of(ask.REFERENCES))
    return (await of(ask.TABLES)).map(([schema, name, view, rows]): SurveyedTable => {
      const place = placeOf(schema, name)
      return {
        table: this.#named(schema, name),
        kind: view === '1' ? 'view' : 'table',
        columns: (columns.get(place) ?? []).map(surveyedColumn),
        rows: rows == null ? null : BigInt(rows),
        keys: byNumber(keys.get(place)).map((key) => ({
          columns: key.map(([, , , , column]) => column ?? ''),
          by: (key[0]?.[3] ?? 'unique index') as DeclaredKey['by'],
        })),
        references: byNumber(references.get(place)).map((reference) => ({
          columns: reference.map(([, , , column]) => column ?? ''),
          table: this.#named(reference[0]?.[4], reference[0]?.[5]),
          referenced: reference.map(([, , , , , , column]) => column ?? ''),
        })),
      }
    })
  }

  interrupt(): void {
    this.#session.cancel()
  }

  countUpTo({ table }: SurveyedTable, limit: bigint): Promise<bigint> {
    return this.#count(table, (t) => ask.countUpTo(t, limit))
  }

  async look({ table, columns }: SurveyedTable): Promise<TableLook> {
    const asked = columns.map(({ name, type, order }) => ({ name, type, isTime: order?.kind === 'time' }))
    const [row = []] = await query(this.#session, ask.look(this.#ident(table), asked), table.join('.'), 'TM4019')
    const rows = BigInt(row[0] ?? '0')
    const looks = new Map<string, ColumnLook>()
    for (const [i, { name }] of columns.entries()) {
      const [values, distinct, ahead, newest] = row.slice(1 + i * ask.LOOK_CELLS)
      looks.set(name, {
        nulls: rows - BigInt(values ?? '0'),
        distinct: BigInt(distinct ?? '0'),
        ahead:
          newest == null
            ? null
            : { values: BigInt(ahead ?? '0'), newest: shorter(newest), withinADay: await this.#isNear(newest) },
      })
    }
    return { rows, columns: looks }
  }

  async isUnique({ table }: SurveyedTable, columns: readonly string[]): Promise<boolean> {
    return (await this.#count(table, (t) => ask.duplicates(t, columns))) === 0n
  }

  /** Where a row lies says what its clustered index says, and not when it came. */
  growsWithInsertion(): Promise<null> {
    return Promise.resolve(null)
  }

  async treeOf(
    { table }: SurveyedTable,
    locator: string,
    parent: string,
  ): Promise<{ readonly children: bigint; readonly unplaced: bigint }> {
    const statement = ask.treeCounts(this.#ident(table), locator, parent)
    const [row] = await query(this.#session, statement, table.join('.'), 'TM4019')
    return { children: BigInt(row?.[0] ?? '0'), unplaced: BigInt(row?.[1] ?? '0') }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]()
  }

  get #at(): Place {
    return { database: this.#connection.options.database, schema: this.#connection.schema }
  }

  /** Without its schema where that is the connection's. */
  #named(schema: string | null | undefined, name: string | null | undefined): TableName {
    return schema === this.#connection.schema ? [name ?? ''] : [schema ?? '', name ?? '']
  }

  #ident(table: TableName): Sql {
    return ident(...pathOf(table, this.#at))
  }

  #count(table: TableName, statement: (ident: Sql) => Sql): Promise<bigint> {
    return count(this.#session, statement(this.#ident(table)), table.join('.'), 'TM4019')
  }

  async #isNear(newest: string): Promise<boolean> {
    const [row] = await query(this.#session, ask.isWithinADay(newest), newest, 'TM4019')
    return row?.[0] === '1'
  }
}

const placeOf = (schema: string | null | undefined, name: string | null | undefined): string =>
  JSON.stringify([schema, name])
const byTable = (rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> =>
  Map.groupBy(rows, ([schema, name]) => placeOf(schema, name))
/** Without zeros at the end of its seven digits. */
const shorter = (moment: string): string => moment.replace(/\.0+$|(\.\d*?)0+$/, '$1')

/** Rows of one key or reference, which come one after the other. */
const byNumber = (rows: readonly Row[] = []): readonly (readonly Row[])[] => [
  ...Map.groupBy(rows, ([, , number]) => number).values(),
]

/** `smalldatetime` is rounded to it; all others are finer than a second, but for a day */
const COARSE: Readonly<Record<string, string>> = { date: 'a day', smalldatetime: 'a minute' }

function surveyedColumn([, , name, nullable, indexed, serial, ...facets]: Row): SurveyedColumn {
  const type = typeOfFacets(facets)
  const order = positionClass(type)
  return {
    name: name ?? '',
    type,
    nullable: nullable === '1',
    identifies: canBeKey(type),
    order:
      order === null
        ? null
        : order === 'time'
          ? { kind: 'time', coarse: COARSE[type] ?? null, zoned: isInstant(type) }
          : { kind: order },
    indexed: indexed === '1',
    serial: serial === '1',
  }
}
