/** Tables whose columns are files that anybody may write, past all transactions. */
import type { TableName } from '@tidemark/contract/flow'
import type { SqlServerSession } from '../../drivers/sqlserver.ts'
import type { Catalogs } from '../relational/names.ts'
import { type Sql, sql } from '../sql-text.ts'
import { pathOf, type Place } from './names.ts'
import { writesFilesFreely } from './read-isolation.ts'
import { lookAtTable } from './stored-table.ts'

/** Such a file has no versions: whoever reads it waits for the transaction that writes its row. */
const BY_LOCKS = sql` WITH (READCOMMITTEDLOCK)`

type Hint = (table: TableName) => Sql | null

const ALL: Hint = () => BY_LOCKS

/** The same statements, with what stands behind the tables that they read. */
export const withHints = (c: Catalogs, source: Hint, target: Hint): Catalogs => ({
  ...c,
  source: { ...c.source, hint: source },
  target: { ...c.target, hint: target },
})

/** All tables of the source are read by locks. */
export const readByLocks = (c: Catalogs): Catalogs => withHints(c, ALL, () => null)

interface Looked {
  readonly session: SqlServerSession
  readonly tables: readonly TableName[]
  readonly at: Place
  /** for messages */
  readonly where: string
}

/** Such tables are read by locks; others by versions, where their databases have them. */
export async function readFilesByLocks(c: Catalogs, source: Looked | null, target: Looked): Promise<Catalogs> {
  return withHints(c, source === null ? () => null : await hintFor(source), await hintFor(target))
}

async function hintFor({ session, tables, at, where }: Looked): Promise<Hint> {
  const nameOf = (table: TableName): string => JSON.stringify(pathOf(table, at)).toLowerCase()
  const free = new Map<string, boolean>()
  const found = new Set<string>()
  for (const table of tables) {
    const [, , database = '', linked] = pathOf(table, at).toReversed()
    if (linked !== undefined) continue
    const isFree = free.get(database) ?? (await writesFilesFreely(session, database, where))
    free.set(database, isFree)
    const stored = isFree ? await lookAtTable(session, table, at, where) : null
    if (stored !== null && stored.filestream.length > 0) found.add(nameOf(table))
  }
  return (table) => (found.has(nameOf(table)) ? BY_LOCKS : null)
}
