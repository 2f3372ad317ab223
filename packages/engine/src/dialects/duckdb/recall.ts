/** What a DuckDB file remembers as a target: read only, for whoever judges whether it and the ledger agree. */
import { existsSync } from 'node:fs'
import type { TableName } from '@tidemark/contract/flow'
import { type DuckdbFile, type DuckdbSession, openDuckdbFile } from '../../drivers/duckdb.ts'
import type { DialectModule } from '../contract.ts'
import type { TargetMemory } from '../target-memory.ts'
import { type Sql, sql } from '../sql-text.ts'
import { translate } from './errors.ts'
import * as fence from './fence.sql.ts'
import { describeTable } from './introspect.ts'
import { type AttachedTarget, attachedTables } from './names.ts'
import { count, query } from './run-sql.ts'

export const recall: DialectModule['recall'] = async ({ options }, tables, limits) => {
  const path = String(options['path'])
  if (!existsSync(path)) return null
  try {
    await using file = await openDuckdbFile(path, 'read', limits)
    using session = await file.session()
    const c = attachedTables(file.catalog)
    const there = new Set((await query(session, fence.listOwn(c), path)).map(([name]) => name))
    const rows = async (table: fence.FenceTable, statement: Sql) =>
      there.has(table) ? await query(session, statement, path) : []
    const memory: TargetMemory = {
      unprepared: fence.FENCE_TABLES.filter((name) => !there.has(name)).map((name) => `tidemark.${name}`),
      fences: (
        await rows('fence', sql`SELECT store, flow, max(token) FROM ${c.own('fence')} GROUP BY ALL ORDER BY ALL`)
      ).map(([store, flow, token]) => ({ store: store ?? '', flow: flow ?? '', token: BigInt(token ?? '0') })),
      settled: (
        await rows(
          'settled',
          sql`SELECT store, flow, scope, run, up_to, had_rows FROM ${c.own('settled')} ORDER BY settled_at`,
        )
      ).map(([store, flow, scope, run, upTo, hadRows]) => ({
        store: store ?? '',
        flow: flow ?? '',
        scope: scope ?? '',
        run: run ?? '',
        upTo: upTo ?? null,
        hadRows: hadRows === 'true',
      })),
      marked: (await rows('marker', sql`SELECT DISTINCT store, flow, run FROM ${c.own('marker')} ORDER BY ALL`)).map(
        ([store, flow, run]) => ({ store: store ?? '', flow: flow ?? '', run: run ?? '' }),
      ),
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
