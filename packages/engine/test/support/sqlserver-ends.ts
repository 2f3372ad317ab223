/** A world's source and target in two databases of one SQL Server. */
import type { FlowSpec } from '@tidemark/contract/flow'
import { openSqlServerBench } from '../../src/dialects/sqlserver/bench.ts'
import { sqlserver } from '../../src/dialects/sqlserver/index.ts'
import { SqlServerDatabase } from './sqlserver-database.ts'
import { inTsql } from './tsql-of-tests.ts'
import type { Side, WorldEnds } from './world-ends.ts'

export interface SqlServerEnds extends WorldEnds {
  readonly databases: Readonly<Record<Side, SqlServerDatabase>>
}

export async function sqlserverEnds(): Promise<SqlServerEnds> {
  await using opening = new AsyncDisposableStack()
  const databases = {
    source: opening.use(await SqlServerDatabase.create()),
    target: opening.use(await SqlServerDatabase.create()),
  }
  const opened = opening.move()
  const connection = (flow: FlowSpec, side: Side) => {
    const id = flow[side].connection
    const at = id === flow.source.connection ? 'source' : 'target'
    return { id, kind: 'sqlserver', options: databases[at].options }
  }
  return {
    databases,
    place: '(SELECT 0)',
    exec: (side, statements) => databases[side].exec(...statements.map(inTsql)),
    rows: (side, query) => databases[side].rows(inTsql(query)),
    openBench: async (flow, options, hooks) => {
      const ends = { ...options, source: connection(flow, 'source'), target: connection(flow, 'target') }
      const bench = await openSqlServerBench(ends, hooks)
      if (bench === null) throw new TypeError('two databases of one server are no one server')
      return { bench, dialect: sqlserver, [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose]() }
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
