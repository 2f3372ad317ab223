/** What a PostgreSQL database remembers as a target: read only, for whoever judges whether it and the ledger agree. */
import type { DialectModule } from '../contract.ts'
import type { TargetMemory } from '../target-memory.ts'
import { sql } from '../sql-text.ts'
import { remembered } from '../relational/recall.sql.ts'
import { listTables } from './fence.sql.ts'
import { describeTable } from './introspect.ts'
import { OWN_SCHEMA, targetNames } from './names.ts'
import { senderOf } from './run-sql.ts'
import { connectionOf, openSession } from './session.ts'

export const recall: DialectModule['recall'] = async ({ options }, tables) => {
  const connection = connectionOf(options, 'target')
  await using session = await openSession(connection, 'source')
  const names = targetNames(connection.schema)
  const to = senderOf(session, connection.location)
  const there = new Set((await to.query(listTables(OWN_SCHEMA))).map(([name]) => name ?? ''))
  const found: TargetMemory['tables'][number][] = []
  for (const table of tables) {
    if ((await describeTable(session, table, connection.schema, connection.location)) === null) found.push('missing')
    else {
      const rows = await to.query(sql`SELECT 1 FROM ${names.table(table)} LIMIT 1`)
      found.push(rows.length === 0 ? 'empty' : 'filled')
    }
  }
  return { ...(await remembered(to, names, there)), tables: found }
}
