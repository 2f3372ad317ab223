/** A world's source and target in PostgreSQL: two schemas of one database, or two databases. */
import type { FlowSpec } from '@tidemark/contract/flow'
import { openPostgresArrival } from '../../src/dialects/postgres/arrival-bench.ts'
import { openPostgresBench } from '../../src/dialects/postgres/bench.ts'
import { openPostgresDeparture } from '../../src/dialects/postgres/departure.ts'
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

/** `apart`: in two databases, so that rows travel. */
export async function postgresEnds(
  version: Version,
  apart = false,
): Promise<WorldEnds & { readonly db: TestDatabase; readonly databases: Readonly<Record<Side, TestDatabase>> }> {
  await using opening = new AsyncDisposableStack()
  const db = opening.use(await TestDatabase.create(version))
  const into = apart ? opening.use(await TestDatabase.create(version)) : db
  const databases = { source: db, target: into }
  const sides = ['source', 'target'] as const
  for (const one of new Set([db, into]))
    await one.exec(DIALECT_OF_THE_TESTS, ...sides.map((side) => `CREATE SCHEMA ${SCHEMAS[side]}`))
  const session = async (side: Side): Promise<PostgresSession> => {
    const opened = opening.use(await databases[side].connect())
    await opened.run(`SELECT set_config('search_path', '${SCHEMAS[side]}, public', false)`)
    return opened
  }
  const open = { source: await session('source'), target: await session('target') }
  const connection = (flow: FlowSpec, side: Side) => {
    const id = flow[side].connection
    const at = id === flow.source.connection ? 'source' : 'target'
    return { id, kind: 'postgres', options: connectionTo(databases[at], at) }
  }
  const opened = opening.move()
  return {
    db,
    databases,
    place: 'ctid',
    exec: async (side, statements) => {
      for (const statement of statements) await open[side].script(statement)
    },
    rows: (side, query) => open[side].rows(query),
    openBench: async (flow, options, hooks) => {
      const ends = { ...options, source: connection(flow, 'source'), target: connection(flow, 'target') }
      const bench = apart
        ? await openPostgresArrival(ends, await openPostgresDeparture(ends))
        : await openPostgresBench(ends, hooks)
      return { bench, dialect: postgres, [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose]() }
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
