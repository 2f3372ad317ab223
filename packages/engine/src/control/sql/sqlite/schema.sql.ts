import { parseStoreId } from '@tidemark/contract/ids'
import { flag, int, text } from '../decode.ts'
import type { SchemaStatements } from '../statements.ts'
import type { Migration } from '../../migrate.ts'
import { effect, NOW } from './sql-parts.ts'

export const sqliteSchema: SchemaStatements = {
  lock: () => null, // BEGIN IMMEDIATE is one
  look: () => ({
    text: `select count(*) as tables, coalesce(max(name = 'store_migration'), 0) as is_store
             from sqlite_schema where type in ('table', 'view') and name not like 'sqlite\\_%' escape '\\'`,
    params: [],
    decode: (raw) => ({ tables: int(raw, 'tables'), isStore: flag(raw, 'is_store') }),
  }),
  version: () => ({
    text: 'select coalesce(max(version), 0) as version from store_migration',
    params: [],
    decode: (raw) => int(raw, 'version'),
  }),
  record: ({ version, name }) =>
    effect(`insert into store_migration (version, name, applied_at) values (?1, ?2, ${NOW})`, [version, name]),
  storeId: () => ({ text: 'select id from store', params: [], decode: (raw) => parseStoreId(text(raw, 'id')) }),
  now: () => ({ text: `select ${NOW} as now`, params: [], decode: (raw) => text(raw, 'now') }),
}

/** A migration for a person to read or run: what `migrate` does, in one transaction that records itself. */
export const migrationScript = ({ version, name, text }: Migration): string => `-- ${name}
begin immediate;
${text.trim()}
insert into store_migration (version, name, applied_at) values (${version}, '${name}', ${NOW});
commit;
`
