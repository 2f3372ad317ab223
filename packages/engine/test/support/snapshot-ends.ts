/** A world whose target is in PostgreSQL, and whose source another engine has, or another database: rows travel by the spool of a snapshot. */
import type { FlowSpec } from '@tidemark/contract/flow'
import type { ConnectionTarget } from '../../src/dialects/contract.ts'
import { dialectOf } from '../../src/dialects/dialect-of.ts'
import { loadDialect } from '../../src/dialects/registry.ts'
import { DuckdbTestFile } from './duckdb-file.ts'
import { connectionTo, postgresEnds } from './postgres-ends.ts'
import type { Version } from './postgres-server.ts'
import type { Side, WorldEnds } from './world-ends.ts'

export type SourceKind = 'duckdb' | 'postgres'

/** Two databases of one server, or a DuckDB file and a database. */
export async function snapshotEnds(from: SourceKind, version: Version): Promise<WorldEnds> {
  const ends = await postgresEnds(version, from === 'postgres')
  const file = new DuckdbTestFile()
  const isFile = (side: Side): boolean => side === 'source' && from === 'duckdb'
  const connection = (flow: FlowSpec, side: Side): SpooledEnd => {
    const { connection: id } = flow[side]
    const at = id === flow.source.connection ? 'source' : 'target'
    return isFile(at)
      ? { id, kind: 'duckdb', options: { path: file.path } }
      : { id, kind: 'postgres', options: connectionTo(ends.databases[at], at) }
  }
  return {
    place: 'ctid',
    exec: (side, statements) => (isFile(side) ? file.exec(statements) : ends.exec(side, statements)),
    rows: (side, query) => (isFile(side) ? file.rows(query) : ends.rows(side, query)),
    openBench: opensSpools(connection),
    [Symbol.asyncDispose]: async () => {
      await ends[Symbol.asyncDispose]()
      file[Symbol.dispose]()
    },
  }
}

type SpooledEnd = ConnectionTarget & { readonly kind: string }

/** Benches between these connections, as the command opens them for a snapshot. */
export const opensSpools =
  (connection: (flow: FlowSpec, side: Side) => SpooledEnd): WorldEnds['openBench'] =>
  async (flow, options) => {
    const [source, target] = [connection(flow, 'source'), connection(flow, 'target')]
    const dialect = await dialectOf(loadDialect, source.kind, target.kind)
    const bench = await dialect.openBench({
      ...options,
      source,
      target,
      into: flow.target.table,
      tables: [flow.source.table, ...flow.source.joins.map(({ table }) => table)],
      spools: flow.capture.kind === 'snapshot',
    })
    return { bench, dialect, [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose]() }
  }
