/** The two schemas that the demo plays in. Each bears a comment, by which the demo knows that it may make it anew. */
import type { PostgresSession } from '../../drivers/postgres.ts'
import { AppError } from '../../runtime/app-error.ts'

export const OFFICE = 'tidemark_demo_office'
export const ARCHIVE = 'tidemark_demo_archive'

const MADE_BY_DEMO = 'Made by tidemark demo, which makes it anew each time it is played'

const TABLES = `
  CREATE TABLE files (
    stream_id uuid PRIMARY KEY,
    name text NOT NULL,
    path_locator text NOT NULL,
    parent_path_locator text,
    is_directory boolean NOT NULL,
    file_stream bytea,
    creation_time timestamptz NOT NULL,
    last_write_time timestamptz NOT NULL);
  -- of any length, which no btree holds
  CREATE INDEX ON files USING hash (path_locator);
  CREATE INDEX ON files USING hash (parent_path_locator);
  CREATE TABLE metadata (
    stream_id uuid PRIMARY KEY,
    modified_on timestamptz NOT NULL DEFAULT now(),
    owning_business_unit text NOT NULL);
  CREATE INDEX ON metadata (modified_on)`

/** Makes both, and the tables of the source. Somebody else's schema of that name is refused. */
export async function makeSchemas(session: PostgresSession, database: string): Promise<void> {
  const there = await session.rows(
    `SELECT nspname, obj_description(oid, 'pg_namespace') = $1 FROM pg_namespace WHERE nspname IN ($2, $3)`,
    [MADE_BY_DEMO, OFFICE, ARCHIVE],
  )
  for (const [name, ours] of there)
    if (ours !== 't')
      throw new AppError('TM1021', `database ${database} has a schema ${name} that no demo made`, {
        remedy: ['tidemark demo --postgres URL   plays in any database: take one of its own'],
      })
  await session.begin()
  for (const schema of [OFFICE, ARCHIVE])
    await session.script(
      `DROP SCHEMA IF EXISTS ${schema} CASCADE; CREATE SCHEMA ${schema}; COMMENT ON SCHEMA ${schema} IS '${MADE_BY_DEMO}'`,
    )
  await session.script(TABLES)
  await session.commit()
}
