import { parseStoreId } from '@tidemark/contract/ids'
import type { Migration } from '../../migrate.ts'
import { flag, int, text } from '../decode.ts'
import type { SchemaStatements } from '../statements.ts'
import { batchesOf, executed, SETTINGS } from './batches-of-script.ts'
import { effect, NOW } from './sql-parts.ts'

/** Thrown by our own statements: the lock of whoever makes or changes the schema was not to be had in time. */
export const MIGRATION_IS_LOCKED = 51222

/** Until the transaction ends, as long as LOCK_TIMEOUT says; locks of this kind count per database. */
const LOCK = `declare @got int;
exec @got = sys.sp_getapplock @Resource = N'tidemark', @LockMode = N'Exclusive', @LockOwner = N'Transaction';
if @got < 0 throw ${MIGRATION_IS_LOCKED}, N'another migrates the control store', 1;`

/**
 * A target's fence and markers live in a schema of the same name. So one that holds a fence and no store is nobody
 * else's, and a store may be made beside it.
 */
export const sqlServerSchema: SchemaStatements = {
  lock: () => effect(LOCK, []),
  look: () => ({
    text: `select case when max(case when o.name = N'fence' then 1 else 0 end) = 1
                        and max(case when o.name = N'store_migration' then 1 else 0 end) = 0 then 0
                       else count(*) end as tables,
                  coalesce(max(case when o.name = N'store_migration' then 1 else 0 end), 0) as is_store
             from sys.objects o where o.schema_id = schema_id(N'tidemark') and o.type in ('U', 'V')`,
    params: [],
    decode: (raw) => ({ tables: int(raw, 'tables'), isStore: flag(raw, 'is_store') }),
  }),
  version: () => ({
    text: 'select coalesce(max(version), 0) as version from tidemark.store_migration',
    params: [],
    decode: (raw) => int(raw, 'version'),
  }),
  record: ({ version, name }) =>
    effect(`insert into tidemark.store_migration (version, name, applied_at) values (cast(@p1 as int), @p2, ${NOW})`, [
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
 * A migration for a person to read or run: what `migrate` does, in one batch, which is one transaction that records
 * itself. Run again it does nothing; where the one before it failed it says so and does nothing.
 */
export const migrationScript = ({ version, name, text: script }: Migration): string => `-- ${name}
${SETTINGS}
begin transaction;
${LOCK}
declare @version int = 0;
if object_id(N'tidemark.store_migration', N'U') is not null
  exec sys.sp_executesql N'select @version = coalesce(max(version), 0) from tidemark.store_migration',
    N'@version int output', @version = @version output;
if @version >= ${version}
begin
print N'${name} is in already';
end
else if @version < ${version - 1}
begin
throw 50000, N'${name} comes after the one before it, which is not in', 1;
end
else
begin
${batchesOf(script).map(executed).join('\n')}
exec (N'insert into tidemark.store_migration (version, name, applied_at)
values (${version}, N''${name}'', ${NOW.replaceAll("'", "''")})');
end;
commit transaction;
go
`
