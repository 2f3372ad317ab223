import { parseStoreId } from '@tidemark/contract/ids'
import { flag, int, text } from '../decode.ts'
import type { SchemaStatements } from '../statements.ts'
import type { Migration } from '../../migrate.ts'
import { effect, NOW } from './sql-parts.ts'

/** Of whoever makes or changes the schema; locks of this kind count per database. 'tidemark' in ASCII. */
const MIGRATION_LOCK = '8388346167743836779'

/**
 * A target's fence and markers live in a schema of the same name. So one that holds a fence and no store is nobody
 * else's, and a store may be made beside it.
 */
export const postgresSchema: SchemaStatements = {
  lock: () => effect(`select pg_advisory_xact_lock(${MIGRATION_LOCK})`, []),
  look: () => ({
    text: `select case when bool_or(c.relname = 'fence') and not bool_or(c.relname = 'store_migration') then 0
                       else count(*) end as tables,
                  coalesce(bool_or(c.relname = 'store_migration'), false) as is_store
             from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
            where n.nspname = 'tidemark' and c.relkind in ('r', 'p', 'v', 'm', 'f')`,
    params: [],
    decode: (raw) => ({ tables: int(raw, 'tables'), isStore: flag(raw, 'is_store') }),
  }),
  version: () => ({
    text: 'select coalesce(max(version), 0) as version from tidemark.store_migration',
    params: [],
    decode: (raw) => int(raw, 'version'),
  }),
  record: ({ version, name }) =>
    effect(`insert into tidemark.store_migration (version, name, applied_at) values ($1::integer, $2, ${NOW})`, [
      version,
      name,
    ]),
  storeId: () => ({
    text: 'select id from tidemark.store',
    params: [],
    decode: (raw) => parseStoreId(text(raw, 'id')),
  }),
  now: () => ({ text: `select ${NOW} as now`, params: [], decode: (raw) => text(raw, 'now') }),
}

/**
 * A migration for a person to read or run: what `migrate` does, in one transaction that records itself. Run again it
 * does nothing.
 */
export const migrationScript = ({ version, name, text }: Migration): string => `-- ${name}
do $migration$ begin
perform pg_advisory_xact_lock(${MIGRATION_LOCK});
if to_regclass('tidemark.store_migration') is not null then
  if exists (select from tidemark.store_migration where version = ${version}) then
    raise notice '${name} is in already';
    return;
  end if;
end if;
${text.trim()}
insert into tidemark.store_migration (version, name, applied_at) values (${version}, '${name}', ${NOW});
end $migration$;
`
