/** A world's source and target in one database of a SQL Server: their tables have different names. */
import type { FlowSpec } from '@tidemark/contract/flow'
import { openSqlServerBench } from '../../src/dialects/sqlserver/bench.ts'
import { sqlserver } from '../../src/dialects/sqlserver/index.ts'
import { SqlServerDatabase } from './sqlserver-database.ts'
import { inTsql } from './tsql-of-tests.ts'
import type { Side, WorldEnds } from './world-ends.ts'

export interface SqlServerEnds extends WorldEnds {
  readonly db: SqlServerDatabase
}

let shared: Promise<SqlServerDatabase> | null = null

/** One database for all worlds of a process, one after the other. Dropped by `dropShared`. */
export async function sqlserverEnds(): Promise<SqlServerEnds> {
  shared ??= SqlServerDatabase.create()
  const db = await shared
  await db.clean()
  const connection = (flow: FlowSpec, side: Side) => {
    return { id: flow[side].connection, kind: 'sqlserver', options: db.options }
  }
  return {
    db,
    place: '(SELECT 0)',
    exec: (_, statements) => db.exec(...statements.map(inTsql)),
    rows: (_, query) => db.rows(inTsql(query)),
    openBench: async (flow, options, hooks) => {
      const ends = { ...options, source: connection(flow, 'source'), target: connection(flow, 'target') }
      const bench = await openSqlServerBench(ends, hooks)
      if (bench === null) throw new TypeError('a server is not itself')
      return { bench, dialect: sqlserver, [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose]() }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

export async function dropShared(): Promise<void> {
  await (await shared)?.[Symbol.asyncDispose]()
  shared = null
}
