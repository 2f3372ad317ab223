/** `discover` in a PostgreSQL database, by a session that only reads. */
import type { TableName } from '@tidemark/contract/flow'
import type { PostgresSession } from '../../drivers/postgres.ts'
import type { ConnectionTarget } from '../contract.ts'
import { ident, type Sql } from '../sql-text.ts'
import type { ColumnLook, DeclaredKey, SurveyedColumn, SurveyedTable, SurveyPort, TableLook } from '../survey.ts'
import { schemaAndTable } from './names.ts'
import { count, query } from './run-sql.ts'
import { connectionOf, openSession, type PostgresConnection } from './session.ts'
import * as ask from './survey.sql.ts'
import { canBeKey, isInstant, positionClass } from './types.ts'

type Row = readonly (string | null)[]

export async function openPostgresSurvey({ options }: Pick<ConnectionTarget, 'options'>): Promise<SurveyPort> {
  const connection = connectionOf(options)
  return new PostgresSurvey(connection, await openSession(connection, 'source'))
}

class PostgresSurvey implements SurveyPort {
  readonly #connection: PostgresConnection
  readonly #session: PostgresSession

  constructor(connection: PostgresConnection, session: PostgresSession) {
    this.#connection = connection
    this.#session = session
  }

  async tables(): Promise<readonly SurveyedTable[]> {
    const of = (statement: Sql): Promise<readonly Row[]> =>
      query(this.#session, statement, this.#connection.location, 'TM4019')
    const columns = byTable(await of(ask.COLUMNS))
    const keys = byTable(await of(ask.KEYS))
    const references = byTable(await of(ask.REFERENCES))
    return (await of(ask.TABLES)).map(([schema, name, kind, rows]): SurveyedTable => {
      const place = placeOf(schema, name)
      return {
        table: this.#named(schema, name),
        kind: kind === 'view' ? 'view' : 'table',
        columns: (columns.get(place) ?? []).map(surveyedColumn),
        rows: rows == null ? null : BigInt(rows),
        keys: (keys.get(place) ?? []).map(([, , by, names]) => ({
          columns: namesOf(names),
          by: by as DeclaredKey['by'],
        })),
        references: (references.get(place) ?? []).map(([, , own, otherSchema, other, others]) => ({
          columns: namesOf(own),
          table: this.#named(otherSchema, other),
          referenced: namesOf(others),
        })),
      }
    })
  }

  interrupt(): void {
    // a question that cannot be cancelled ends with its connection
    this.#session.cancel().catch(() => this.#session.destroy())
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
        ahead: newest == null ? null : { values: BigInt(ahead ?? '0'), newest, withinADay: await this.#isNear(newest) },
      })
    }
    return { rows, columns: looks }
  }

  async isUnique({ table }: SurveyedTable, columns: readonly string[]): Promise<boolean> {
    return (await this.#count(table, (t) => ask.duplicates(t, columns))) === 0n
  }

  /** Where a row lies says nothing: an update moves it, and a vacuum gives its place to another. */
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

  /** Without its schema where that is the connection's. */
  #named(schema: string | null | undefined, name: string | null | undefined): TableName {
    return schema === this.#connection.schema ? [name ?? ''] : [schema ?? '', name ?? '']
  }

  #ident(table: TableName): Sql {
    return ident(...schemaAndTable(table, this.#connection.schema))
  }

  #count(table: TableName, statement: (ident: Sql) => Sql): Promise<bigint> {
    return count(this.#session, statement(this.#ident(table)), table.join('.'), 'TM4019')
  }

  async #isNear(newest: string): Promise<boolean> {
    const [row] = await query(this.#session, ask.isWithinADay(newest), newest, 'TM4019')
    return row?.[0] === 't'
  }
}

const placeOf = (schema: string | null | undefined, name: string | null | undefined): string =>
  JSON.stringify([schema, name])
const byTable = (rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> =>
  Map.groupBy(rows, ([schema, name]) => placeOf(schema, name))
const namesOf = (json: string | null | undefined): readonly string[] => JSON.parse(json ?? '[]') as string[]

function surveyedColumn([, , name, type, nullable, indexed, serial]: Row): SurveyedColumn {
  const known = type ?? ''
  const order = positionClass(known)
  return {
    name: name ?? '',
    type: known,
    nullable: nullable === 't',
    identifies: canBeKey(known),
    order:
      order === 'time'
        ? { kind: 'time', coarse: known === 'date' ? 'a day' : null, zoned: isInstant(known) }
        : order === null
          ? null
          : { kind: 'number' },
    indexed: indexed === 't',
    serial: serial === 't',
  }
}
