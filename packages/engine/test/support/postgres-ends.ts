/** A world's source and target as two schemas of one PostgreSQL database. */
import type { FlowSpec } from '@tidemark/contract/flow'
import { openPostgresBench } from '../../src/dialects/postgres/bench.ts'
import { postgres } from '../../src/dialects/postgres/index.ts'
import type { PostgresSession } from '../../src/drivers/postgres.ts'
import { TestDatabase } from './postgres-database.ts'
import type { Version } from './postgres-server.ts'
import type { Side, WorldEnds } from './world-ends.ts'

/** What the tests' statements use and PostgreSQL calls otherwise. */
const DIALECT_OF_THE_TESTS = `
CREATE FUNCTION public.range(n bigint) RETURNS SETOF bigint LANGUAGE sql AS 'SELECT generate_series(0, n - 1)';
CREATE FUNCTION public.range(a bigint, b bigint) RETURNS SETOF bigint LANGUAGE sql AS 'SELECT generate_series(a, b - 1)';
CREATE FUNCTION public.repeat(x text, n bigint) RETURNS text LANGUAGE sql AS 'SELECT pg_catalog.repeat(x, CAST(n AS integer))';
CREATE FUNCTION public.to_seconds(n bigint) RETURNS interval LANGUAGE sql AS 'SELECT make_interval(secs => n)';
CREATE FUNCTION public.get_current_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT clock_timestamp()'`

/** DuckDB's name for the schema of a table that names none: what is kept beside a target is called after it. */
const SCHEMAS: Readonly<Record<Side, string>> = { source: 'office', target: 'main' }

export const connectionTo = (db: TestDatabase, side: Side) => ({ url: db.url, schema: SCHEMAS[side] })

export async function postgresEnds(version: Version): Promise<WorldEnds & { readonly db: TestDatabase }> {
  const db = await TestDatabase.create(version)
  const sides = ['source', 'target'] as const
  await db.exec(DIALECT_OF_THE_TESTS, ...sides.map((side) => `CREATE SCHEMA ${SCHEMAS[side]}`))
  const session = async (side: Side): Promise<PostgresSession> => {
    const opened = await db.connect()
    await opened.run(`SELECT set_config('search_path', '${SCHEMAS[side]}, public', false)`)
    return opened
  }
  const open = { source: await session('source'), target: await session('target') }
  const connection = (flow: FlowSpec, side: Side) => {
    const id = flow[side].connection
    return { id, kind: 'postgres', options: connectionTo(db, id === flow.source.connection ? 'source' : 'target') }
  }
  return {
    db,
    place: 'ctid',
    exec: async (side, statements) => {
      for (const statement of statements) await open[side].script(statement)
    },
    rows: (side, query) => open[side].rows(query),
    openBench: async (flow, options, hooks) => {
      const ends = { source: connection(flow, 'source'), target: connection(flow, 'target') }
      const bench = await openPostgresBench({ ...options, ...ends }, hooks)
      return { bench, dialect: postgres, [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose]() }
    },
    [Symbol.asyncDispose]: async () => {
      for (const side of sides) await open[side][Symbol.asyncDispose]()
      await db[Symbol.asyncDispose]()
    },
  }
}
