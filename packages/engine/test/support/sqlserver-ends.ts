/** A world's source and target in one database of a SQL Server: their tables have different names. */
import type { FlowSpec } from '@tidemark/contract/flow'
import type { Bench } from '../../src/dialects/contract.ts'
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
    place: 'place',
    exec: (_, statements) => db.exec(...statements.map(inTsql)),
    rows: (_, query) => db.rows(inTsql(query)),
    openBench: async (flow, options, hooks) => {
      const ends = { ...options, source: connection(flow, 'source'), target: connection(flow, 'target') }
      const bench = await openSqlServerBench(ends, hooks)
      if (bench === null) throw new TypeError('a server is not itself')
      if (flow.shape.kind === 'tree') keepPlaces(bench, db)
      return { bench, dialect: sqlserver, [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose]() }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

/** Rows of a table with a key have no order of their own: a column says which was written after which. */
function keepPlaces({ target }: Bench, db: SqlServerDatabase): void {
  const prepare = target.prepare.bind(target)
  target.prepare = async (...args) => {
    await prepare(...args)
    await db.exec(
      "IF OBJECT_ID('dst') IS NOT NULL AND COL_LENGTH('dst', 'place') IS NULL ALTER TABLE dst ADD place rowversion",
    )
  }
}

/** `between`: called when the sessions that a world had are closed. */
export async function dropShared(between: () => void = () => {}): Promise<void> {
  const db = await shared
  shared = null
  await db?.session[Symbol.asyncDispose]()
  between()
  await db?.[Symbol.asyncDispose]()
}
