/** The keys that a PostgreSQL table holds, on their way to the engine that compares: one COPY into a file. */
import { createWriteStream } from 'node:fs'
import type { FlowRelation } from '../contract.ts'
import { deletable } from '../relational/delete.sql.ts'
import { type Catalogs, targetTable } from '../relational/names.ts'
import { andLive } from '../relational/versions.sql.ts'
import { ident, joined, type Sql, sql } from '../sql-text.ts'
import { copyOutText, inlined } from './copy-text.ts'
import { csvValue } from './departure.ts'
import { translate } from './errors.ts'
import { openSession, type PostgresConnection } from './session.ts'

/** Each key with whether the run may delete its row; of versions the live ones. */
export const heldKeys = (c: Catalogs, r: FlowRelation): Sql =>
  sql`SELECT ${joined(
    r.key.map((k) => csvValue(k.targetType, ident('t', k.target))),
    ', ',
  )}, coalesce(${deletable(c, r)}, FALSE) FROM ${targetTable(c, r.target.table)} AS t WHERE TRUE${andLive(r, 't')}`

/** `path`: of a file that nobody has. How many. */
export async function writeHeldKeys(
  from: PostgresConnection,
  c: Catalogs,
  r: FlowRelation,
  path: string,
): Promise<bigint> {
  await using session = await openSession(from, 'source')
  return await session
    .copyOut(copyOutText(inlined(heldKeys(c, r)), 'csv'), createWriteStream(path))
    .catch((error: unknown) => {
      throw translate(error, from.location)
    })
}
