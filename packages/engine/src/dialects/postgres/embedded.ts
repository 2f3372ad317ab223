/** What PostgreSQL does for a capture that takes all rows out by way of the embedded engine. */
import type { PostgresSession } from '../../drivers/postgres.ts'
import type { DuckdbDeparture } from '../duckdb/departure.ts'
import { ANY_TEXT, EmbeddedBeside } from '../duckdb/embedded-beside.ts'
import { HotBeside } from '../duckdb/hot-beside.ts'
import { deleteListed } from '../relational/delete.sql.ts'
import { type Catalogs, targetTable } from '../relational/names.ts'
import { nextBatch } from '../relational/versions.sql.ts'
import { copyOutText, inlined } from './copy-text.ts'
import { heldKeys, writeHeldKeys } from './held-keys.ts'
import { hotInPostgres } from './hot-tables.ts'
import { refuseChangedTarget } from './refuse-batch.ts'
import { senderOf } from './run-sql.ts'
import type { PostgresConnection } from './session.ts'
import type { PostgresTarget } from './target.ts'
import { ours } from './transaction.ts'
import { holderOf, logicalTypeOf } from './types.ts'

export interface PostgresSide {
  readonly into: PostgresConnection
  readonly session: PostgresSession
  readonly catalogs: Catalogs
  readonly target: PostgresTarget
}

export function embeddedBesidePostgres(spool: DuckdbDeparture, side: PostgresSide): EmbeddedBeside {
  const { into, session, catalogs: c, target } = side
  return new EmbeddedBeside(spool, {
    location: into.location,
    types: {
      logicalTypeOf,
      holderOf,
      nameOfCast: (cast) => (cast === 'character varying' ? 'text' : cast),
      keyType: () => ANY_TEXT,
    },
    said: {
      bring: (r) => [copyOutText(inlined(heldKeys(c, r)), 'csv')],
      remove: (r) => deleteListed(c, r, '[[…]]'),
    },
    hot: (own) => new HotBeside(hotInPostgres(side, spool), spool, own),
    isThere: async (r) => (await target.describe(r.target.table)) !== null,
    writeKeys: (r, path) => writeHeldKeys(into, c, r, path),
    nextVersion: (r, least) =>
      senderOf(session, target.location).count(nextBatch(targetTable(c, r.target.table), least)),
    remove: async (tx, r, keys) => {
      const own = ours(tx)
      await refuseChangedTarget(own.session, c, r, target.location)
      return await own.exec(deleteListed(c, r, keys))
    },
  })
}
