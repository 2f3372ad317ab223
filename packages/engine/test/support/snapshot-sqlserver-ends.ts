/** A world whose target is in a SQL Server, and whose source is there too, or a DuckDB file: rows travel by the spool of a snapshot. */
import type { FlowSpec } from '@tidemark/contract/flow'
import { DuckdbTestFile } from './duckdb-file.ts'
import { opensSpools } from './snapshot-ends.ts'
import { sqlserverEnds } from './sqlserver-ends.ts'
import type { Side, WorldEnds } from './world-ends.ts'

export async function snapshotSqlServerEnds(from: 'duckdb' | 'sqlserver'): Promise<WorldEnds> {
  const { db, ...ends } = await sqlserverEnds()
  const file = new DuckdbTestFile()
  const isFile = (side: Side): boolean => side === 'source' && from === 'duckdb'
  const connection = (flow: FlowSpec, side: Side) => {
    const { connection: id } = flow[side]
    return isFile(id === flow.source.connection ? 'source' : 'target')
      ? { id, kind: 'duckdb', options: { path: file.path } }
      : { id, kind: 'sqlserver', options: db.options }
  }
  return {
    place: ends.place,
    leaseMs: 60_000,
    exec: (side, statements) => {
      if (isFile(side)) return file.exec(statements)
      return ends.exec(side, from === 'duckdb' ? statements.map(withLongTexts) : statements)
    },
    rows: (side, query) => (isFile(side) ? file.rows(query) : ends.rows(side, query)),
    openBench: opensSpools(connection),
    [Symbol.asyncDispose]: () => {
      file[Symbol.dispose]()
      return Promise.resolve()
    },
  }
}

/** A text that comes from DuckDB may be of any length. */
const withLongTexts = (statement: string): string => statement.replaceAll(/\bVARCHAR\b/g, 'nvarchar(max)')
