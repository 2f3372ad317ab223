/** What a DuckDB file remembers as a target: read only, for whoever judges whether it and the ledger agree. */
import { existsSync } from 'node:fs'
import type { TableName } from '@tidemark/contract/flow'
import { type DuckdbFile, type DuckdbSession, openDuckdbFile } from '../../drivers/duckdb.ts'
import type { DialectModule } from '../contract.ts'
import type { TargetMemory } from '../target-memory.ts'
import { remembered } from '../relational/recall.sql.ts'
import { sql } from '../sql-text.ts'
import { translate } from './errors.ts'
import * as fence from './fence.sql.ts'
import { describeTable } from './introspect.ts'
import { type AttachedTarget, attachedTables } from './names.ts'
import { count, query, senderOf } from './run-sql.ts'

export const recall: DialectModule['recall'] = async ({ options }, tables, limits) => {
  const path = String(options['path'])
  if (!existsSync(path)) return null
  try {
    await using file = await openDuckdbFile(path, 'read', limits)
    using session = await file.session()
    const c = attachedTables(file.catalog)
    const there = new Set((await query(session, fence.listOwn(c), path)).map(([name]) => name ?? ''))
    const memory: TargetMemory = {
      ...(await remembered(senderOf(session, path), c, there)),
      tables: await standing(file, session, c, tables, path),
    }
    return memory
  } catch (error) {
    throw translate(error, path)
  }
}

async function standing(
  file: DuckdbFile,
  session: DuckdbSession,
  c: AttachedTarget,
  tables: readonly TableName[],
  path: string,
): Promise<TargetMemory['tables']> {
  const found: TargetMemory['tables'][number][] = []
  for (const table of tables) {
    if ((await describeTable(file, session, table)) === null) found.push('missing')
    else {
      const rows = await count(session, sql`SELECT count(*) FROM (SELECT 1 FROM ${c.table(table)} LIMIT 1)`, path)
      found.push(rows === 0n ? 'empty' : 'filled')
    }
  }
  return found
}
