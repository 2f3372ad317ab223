/** The names of what is in the databases of a SQL Server. */
import { createHash } from 'node:crypto'
import type { TableName } from '@tidemark/contract/flow'
import { AppError } from '../../runtime/app-error.ts'
import type { SourceNames, TargetNames } from '../relational/names.ts'
import { ident } from '../sql-text.ts'

/** Where tables are that are named without it. */
export interface Place {
  readonly database: string
  readonly schema: string
}
export type NamesAt = Place

const FORMS = 'table, schema.table, database.schema.table or server.database.schema.table'

/**
 * Outermost first, with everything that is left out: `[database, schema, table]`, and before it the linked server's name
 * where one is named. A schema that is left out (`database..table`) is that of the connection.
 */
export function pathOf(table: TableName, at: Place): readonly string[] {
  const [name = '', schema = '', database = '', server] = table.toReversed()
  const left = table.slice(0, -2).includes('') || name === '' || (table.length === 2 && schema === '')
  if (table.length < 1 || table.length > 4 || left)
    throw new AppError('TM4001', `${table.join('.')}: a table of SQL Server is named ${FORMS}`)
  const path = [database || at.database, schema || at.schema, name]
  return server === undefined ? path : [server, ...path]
}

/** `[database, schema, table]` of a table that is in this server. TM4001 for one of a linked server: nothing is written there. */
export function ownPath(table: TableName, at: Place): readonly [database: string, schema: string, name: string] {
  const [database = '', schema = '', name = '', more] = pathOf(table, at)
  if (more !== undefined)
    throw new AppError(
      'TM4001',
      `${table.join('.')}: a target is in a database of the connection's own server, not in a linked one`,
    )
  return [database, schema, name]
}

/** The database of a table in this server: the one at `home` where none is named. */
export const databaseOf = (table: TableName, home: string): string =>
  ownPath(table, { database: home, schema: 'dbo' })[0]

/** The databases of this server that tables are in, but for the one at `home`. */
export function databasesBeside(tables: readonly TableName[], home: string): readonly string[] {
  const found = new Map<string, string>()
  for (const table of tables) {
    const [, , database = home, linked] = pathOf(table, { database: home, schema: 'dbo' }).toReversed()
    if (linked === undefined) found.set(database.toLowerCase(), database)
  }
  found.delete(home.toLowerCase())
  return [...found.values()]
}

/** `[schema, table]` of a table in this server. */
export function schemaAndTable(table: TableName, at: Place): readonly [schema: string, table: string] {
  const [, schema, name] = ownPath(table, at)
  return [schema, name]
}

const noNumbers = (): never => {
  throw new TypeError('SQL Server numbers no rows')
}

/** Rows have no place that is theirs for long: keys are captured, and ranges are of keys. */
export const sourceNames = (at: Place): SourceNames => ({
  averageBytes: () => null,
  table: (name) => ident(...pathOf(name, at)),
  rowNumber: noNumbers,
  slice: noNumbers,
})

/** characters of UTF-16 */
export const LONGEST_NAME = 128

/** A long name is cut, and told from others by a digest: of its lower case, for most databases fold it. */
function fitting(name: string): string {
  if (name.length <= LONGEST_NAME) return name
  const digest = createHash('sha256').update(name.toLowerCase()).digest('hex').slice(0, 16)
  // not the first half of a pair
  const head = name.slice(0, LONGEST_NAME - digest.length - 1).replace(/[\uD800-\uDBFF]$/, '')
  return `${head}_${digest}`
}

export const OWN_SCHEMA = 'tidemark'

/** Of a table in another database than that of our own tables the name says which. */
export function sideTableName(table: TableName, at: Place): string {
  const [database, schema, name] = ownPath(table, at)
  const path = database.toLowerCase() === at.database.toLowerCase() ? [schema, name] : [database, schema, name]
  return fitting(`tidemark_position__${path.join('__')}`)
}

/** `at.database` holds our own tables: it should be the one that holds the target's, so that they are restored together. */
export const targetNames = (at: Place): TargetNames => ({
  table: (name) => ident(...ownPath(name, at)),
  own: (name) => ident(at.database, OWN_SCHEMA, name),
  side: (name) => ident(at.database, OWN_SCHEMA, sideTableName(name, at)),
})
