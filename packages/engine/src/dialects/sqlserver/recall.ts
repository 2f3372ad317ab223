/** What the databases of a server remember as targets: read only, for whoever judges whether they and the ledger agree. */
import type { TableName } from '@tidemark/contract/flow'
import type { DialectModule } from '../contract.ts'
import type { TargetMemory } from '../target-memory.ts'
import { remembered } from '../relational/recall.sql.ts'
import { sql } from '../sql-text.ts'
import { listTables } from './fence.sql.ts'
import { describeTable } from './introspect.ts'
import { databaseOf, OWN_SCHEMA, targetNames } from './names.ts'
import { senderOf } from './run-sql.ts'
import { connectionOf, inDatabase, openSession, type SqlServerConnection } from './session.ts'

/** A table may be in another database of the server than the one that the connection leads to. */
export const recall: DialectModule['recall'] = async ({ options }, tables) => {
  const connection = connectionOf(options, 'target')
  const home = connection.options.database
  const databases = [...new Set([home, ...tables.map((table) => databaseOf(table, home))])]
  const found = new Map<string, Memory>()
  for (const database of databases) {
    const of = tables.filter((table) => databaseOf(table, home) === database)
    found.set(database, await recallDatabase(inDatabase(connection, database), of))
  }
  const all = [...found.values()]
  return {
    unprepared: found.get(home)?.unprepared ?? [],
    fences: all.flatMap((m) => m.fences),
    settled: all.flatMap((m) => m.settled),
    marked: all.flatMap((m) => m.marked),
    tables: tables.map((table) => found.get(databaseOf(table, home))?.states.get(table) ?? 'missing'),
  }
}

type Memory = Omit<TargetMemory, 'tables'> & { readonly states: ReadonlyMap<TableName, TargetMemory['tables'][number]> }

async function recallDatabase(connection: SqlServerConnection, tables: readonly TableName[]): Promise<Memory> {
  await using session = await openSession(connection, 'source')
  const at = { database: connection.options.database, schema: connection.schema }
  const names = targetNames(at)
  const to = senderOf(session, connection.location)
  const there = new Set((await to.query(listTables(OWN_SCHEMA))).map(([name]) => name ?? ''))
  const states = new Map<TableName, TargetMemory['tables'][number]>()
  for (const table of tables) {
    if ((await describeTable(session, table, at, connection.location)) === null) states.set(table, 'missing')
    else {
      const rows = await to.query(sql`SELECT TOP (1) 1 FROM ${names.table(table)}`)
      states.set(table, rows.length === 0 ? 'empty' : 'filled')
    }
  }
  return { ...(await remembered(to, names, there)), states }
}
