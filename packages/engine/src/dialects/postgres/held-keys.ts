/** The keys that a PostgreSQL table holds, brought to the engine that compares: one COPY into a file, and a table made of that. */
import { createWriteStream, rmSync, statSync } from 'node:fs'
import { AppError } from '../../runtime/app-error.ts'
import type { FlowRelation } from '../contract.ts'
import type { EmbeddedDuckdb } from '../duckdb/embedded.ts'
import { deletable } from '../relational/delete.sql.ts'
import { type Catalogs, freeName, targetTable } from '../relational/names.ts'
import { andLive } from '../relational/versions.sql.ts'
import { ident, joined, type Sql, sql } from '../sql-text.ts'
import { copyOutText, inlined } from './copy-text.ts'
import { csvValue } from './departure.ts'
import { translate } from './errors.ts'
import { openSession, type PostgresConnection } from './session.ts'

/** Whether a deletion of the run may take the row. */
export const deletableColumn = (r: FlowRelation): string => freeName(r, 'tidemark deletable')

/** Each key with whether the run may delete its row; of versions the live ones. */
export const heldKeys = (c: Catalogs, r: FlowRelation): Sql =>
  sql`SELECT ${joined(
    r.key.map((k) => csvValue(k.targetType, ident('t', k.target))),
    ', ',
  )}, coalesce(${deletable(c, r)}, FALSE) FROM ${targetTable(c, r.target.table)} AS t WHERE TRUE${andLive(r, 't')}`

/** `own`: the relation in the types of the engine that compares. `path`: of a file that nobody has. */
export async function bringHeldKeys(
  from: PostgresConnection,
  c: Catalogs,
  relation: FlowRelation,
  to: EmbeddedDuckdb,
  own: FlowRelation,
  path: string,
): Promise<Sql> {
  try {
    await using session = await openSession(from, 'source')
    const rows = await session
      .copyOut(copyOutText(inlined(heldKeys(c, relation)), 'csv'), createWriteStream(path))
      .catch((error: unknown) => {
        throw translate(error, from.location)
      })
    const file = { path, bytes: BigInt(statSync(path).size) }
    const keys = own.key.map((k) => ({ name: k.target, type: k.targetType }))
    const columns = [...keys, { name: deletableColumn(relation), type: 'BOOLEAN' }]
    const { table, rows: kept } = await to.keep('held', columns, file)
    if (kept !== rows) throw new AppError('TM5001', `${kept} keys were read of ${rows} that ${from.location} holds`)
    return table
  } finally {
    rmSync(path, { force: true })
  }
}
