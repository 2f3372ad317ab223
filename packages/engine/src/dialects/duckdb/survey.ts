/** `discover` in a DuckDB file: the file is opened for reading, and its catalog is asked once. */
import { existsSync } from 'node:fs'
import type { TableName } from '@tidemark/contract/flow'
import { type DuckdbFile, type DuckdbSession, openDuckdbFile } from '../../drivers/duckdb.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { ConnectionTarget, EngineLimits } from '../contract.ts'
import { doubleQuoted, type Sql } from '../sql-text.ts'
import type {
  ColumnLook,
  DeclaredKey,
  DeclaredReference,
  SurveyedColumn,
  SurveyedTable,
  SurveyPort,
  TableLook,
} from '../survey.ts'
import { translate } from './errors.ts'
import { tableIdent } from './introspect.ts'
import { count, query } from './run-sql.ts'
import * as ask from './survey.sql.ts'
import { canBeKey, positionClass } from './types.ts'

/** So many rows tell whether a number grows. */
const SAMPLE_ROWS = 200_000n

type Row = readonly (string | null)[]

export async function openDuckdbSurvey({ options }: ConnectionTarget, limits: EngineLimits): Promise<SurveyPort> {
  const path = String(options['path'])
  if (!existsSync(path)) throw new AppError('TM2001', `${path} does not exist`)
  try {
    const file = await openDuckdbFile(path, 'read', limits)
    return new DuckdbSurvey(file, await file.session())
  } catch (error) {
    throw translate(error, path)
  }
}

class DuckdbSurvey implements SurveyPort {
  readonly #file: DuckdbFile
  readonly #session: DuckdbSession

  constructor(file: DuckdbFile, session: DuckdbSession) {
    this.#file = file
    this.#session = session
  }

  async tables(): Promise<readonly SurveyedTable[]> {
    const of = (statement: Sql): Promise<readonly Row[]> => query(this.#session, statement, this.#file.path, 'TM4019')
    const { catalog } = this.#file
    const columns = byTable(await of(ask.COLUMNS(catalog)))
    const constraints = byTable(await of(ask.CONSTRAINTS(catalog)))
    const indexes = byTable(await of(ask.INDEXES(catalog)))
    const found = (await of(ask.TABLES(catalog))).map(([schema, name, kind, rows]) => {
      const place = placeOf(schema, name)
      return surveyedTable(
        { table: schema === 'main' ? [name ?? ''] : [schema ?? '', name ?? ''], schema: schema ?? '' },
        { isView: kind === 'view', rows: rows ?? null },
        columns.get(place) ?? [],
        constraints.get(place) ?? [],
        indexes.get(place) ?? [],
      )
    })
    return found.map((table) => ({ ...table, references: table.references.map((r) => asNamed(r, table, found)) }))
  }

  interrupt(): void {
    this.#session.interrupt()
  }

  countUpTo({ table }: SurveyedTable, limit: bigint): Promise<bigint> {
    return this.#count(table, (t) => ask.countUpTo(t, limit))
  }

  async look({ table, columns }: SurveyedTable): Promise<TableLook> {
    const asked = columns.map(({ name, type, order }) => ({ name, type, isTime: order?.kind === 'time' }))
    const [row = []] = await query(this.#session, ask.look(this.#ident(table), asked), named(table), 'TM4019')
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

  async growsWithInsertion({ table, kind, rows }: SurveyedTable, column: string): Promise<boolean | null> {
    if (kind !== 'table') return null
    const stride = (rows ?? 0n) / SAMPLE_ROWS + 1n
    return (await this.#count(table, (t) => ask.stepsBack(t, column, stride))) === 0n
  }

  async treeOf(
    { table }: SurveyedTable,
    locator: string,
    parent: string,
  ): Promise<{ readonly children: bigint; readonly unplaced: bigint }> {
    const statement = ask.treeCounts(this.#ident(table), locator, parent)
    const [row] = await query(this.#session, statement, named(table), 'TM4019')
    return { children: BigInt(row?.[0] ?? '0'), unplaced: BigInt(row?.[1] ?? '0') }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#session.close()
    await this.#file[Symbol.asyncDispose]()
  }

  #ident(table: TableName): Sql {
    return tableIdent(this.#file, table)
  }

  #count(table: TableName, statement: (ident: Sql) => Sql): Promise<bigint> {
    return count(this.#session, statement(this.#ident(table)), named(table), 'TM4019')
  }

  async #isNear(newest: string): Promise<boolean> {
    const [row] = await query(this.#session, ask.isWithinADay(newest), newest, 'TM4019')
    return row?.[0] === 'true'
  }
}

const named = (table: TableName): string => table.join('.')
const placeOf = (schema: string | null | undefined, name: string | null | undefined): string =>
  JSON.stringify([schema, name])
const byTable = (rows: readonly Row[]): ReadonlyMap<string, readonly Row[]> =>
  Map.groupBy(rows, ([schema, name]) => placeOf(schema, name))
const namesOf = (json: string | null | undefined): readonly string[] => JSON.parse(json ?? '[]') as string[]

const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()

/** A constraint keeps the case in which it was typed, a table the one in which it was made. */
function asNamed(
  { columns, table, referenced }: DeclaredReference,
  own: SurveyedTable,
  all: readonly SurveyedTable[],
): DeclaredReference {
  const other = all.find((t) => sameName(named(t.table), named(table)))
  const spelt = (of: SurveyedTable | undefined, name: string): string =>
    of?.columns.find((c) => sameName(c.name, name))?.name ?? name
  return {
    columns: columns.map((c) => spelt(own, c)),
    table: other?.table ?? table,
    referenced: referenced.map((c) => spelt(other, c)),
  }
}

function surveyedTable(
  { table, schema }: { readonly table: TableName; readonly schema: string },
  { isView, rows }: { readonly isView: boolean; readonly rows: string | null },
  columnRows: readonly Row[],
  constraints: readonly Row[],
  indexRows: readonly Row[],
): SurveyedTable {
  const names = columnRows.map(([, , name]) => name ?? '')
  const indexes = indexRows.map(([, , unique, expressions]) => ({
    unique: unique === 'true',
    columns: namesOf(expressions).map((text) => names.find((n) => text === n || text === doubleQuoted(n)) ?? null),
  }))
  const keys: DeclaredKey[] = []
  const references: DeclaredReference[] = []
  for (const [, , type, columns, referenced, referencedColumns] of constraints) {
    if (type === 'FOREIGN KEY') {
      // DuckDB has no references from one schema into another
      const other = schema === 'main' ? [referenced ?? ''] : [schema, referenced ?? '']
      references.push({ columns: namesOf(columns), table: other, referenced: namesOf(referencedColumns) })
    } else keys.push({ columns: namesOf(columns), by: type === 'PRIMARY KEY' ? 'primary key' : 'unique constraint' })
  }
  for (const { unique, columns } of indexes) {
    const known = columns.filter((c) => c !== null)
    if (unique && known.length === columns.length && known.length > 0) keys.push({ columns: known, by: 'unique index' })
  }
  return {
    table,
    kind: isView ? 'view' : 'table',
    columns: columnRows.map((row) => surveyedColumn(row)),
    rows: rows === null ? null : BigInt(rows),
    keys: keys.toSorted((a, b) => Number(b.by === 'primary key') - Number(a.by === 'primary key')),
    references,
  }
}

/** DuckDB keeps columns, with the least and greatest value of every block: a window is found without an index. */
function surveyedColumn([, , name, type, nullable, byDefault]: Row): SurveyedColumn {
  const known = type ?? ''
  const order = positionClass(known)
  return {
    name: name ?? '',
    type: known,
    nullable: nullable === 'true',
    identifies: canBeKey(known),
    order:
      order === 'time'
        ? { kind: 'time', coarse: known === 'DATE' ? 'a day' : null, zoned: known === 'TIMESTAMP WITH TIME ZONE' }
        : order === 'number'
          ? { kind: 'number' }
          : null,
    indexed: null,
    serial: /^nextval\(/i.test(byDefault ?? ''),
  }
}
