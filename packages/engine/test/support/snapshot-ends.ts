/** A world whose target is in PostgreSQL, and whose source another engine has, or another database: rows travel by the spool of a snapshot. */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import type { FlowSpec } from '@tidemark/contract/flow'
import { dialectOf } from '../../src/dialects/dialect-of.ts'
import { loadDialect } from '../../src/dialects/registry.ts'
import { openDuckdbFile } from '../../src/drivers/duckdb.ts'
import { connectionTo, postgresEnds } from './postgres-ends.ts'
import type { Version } from './postgres-server.ts'
import type { Side, WorldEnds } from './world-ends.ts'

export type SourceKind = 'duckdb' | 'postgres'

/** Two databases of one server, or a DuckDB file and a database. */
export async function snapshotEnds(from: SourceKind, version: Version): Promise<WorldEnds> {
  const ends = await postgresEnds(version, from === 'postgres')
  const dir = mkdtempSync(join(os.tmpdir(), 'tidemark-ends-'))
  const path = join(dir, 'source.duckdb')
  const inFile = async <T>(mode: 'read' | 'write', work: (run: Run) => Promise<T>): Promise<T> => {
    await using file = await openDuckdbFile(path, mode, { memoryBytes: null, threads: null, tempDir: dir })
    using session = await file.session()
    await session.run(`USE "${file.catalog}"`)
    const done = await work((text) => session.rows(text))
    await session.run('USE memory')
    return done
  }
  const isFile = (side: Side): boolean => side === 'source' && from === 'duckdb'
  const connection = (flow: FlowSpec, side: Side) => {
    const { connection: id } = flow[side]
    const at = id === flow.source.connection ? 'source' : 'target'
    return isFile(at)
      ? { id, kind: 'duckdb', options: { path } }
      : { id, kind: 'postgres', options: connectionTo(ends.databases[at], at) }
  }
  return {
    place: 'ctid',
    exec: (side, statements) =>
      isFile(side)
        ? inFile('write', async (run) => {
            for (const statement of statements) await run(statement)
          })
        : ends.exec(side, statements),
    rows: (side, query) => (isFile(side) ? inFile('read', (run) => run(query)) : ends.rows(side, query)),
    openBench: async (flow, options) => {
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
    },
    [Symbol.asyncDispose]: async () => {
      await ends[Symbol.asyncDispose]()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

type Run = (text: string) => Promise<readonly (readonly (string | null)[])[]>
