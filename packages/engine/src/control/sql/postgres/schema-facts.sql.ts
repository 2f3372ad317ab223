/** What is in the schema, in facts that every version of PostgreSQL tells alike: no definition as the server prints it. */
import type { Statement } from '../../store-session.ts'
import { text } from '../decode.ts'
import type { SchemaFact } from '../server/schema-difference.ts'

const IN_SCHEMA = `c.relnamespace = 'tidemark'::regnamespace`

export const schemaFacts: Statement<SchemaFact> = {
  text: `select what, "is" from (
    select case c.relkind when 'v' then 'view ' else 'table ' end || c.relname as what, 'there' as "is"
      from pg_catalog.pg_class c where ${IN_SCHEMA} and c.relkind in ('r', 'p', 'v')
    union all
    select 'column ' || c.relname || '.' || a.attname,
           format_type(a.atttypid, a.atttypmod) || case when a.attnotnull then ' not null' else '' end
      from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid
     where ${IN_SCHEMA} and c.relkind in ('r', 'p', 'v') and a.attnum > 0 and not a.attisdropped
    union all
    select 'constraint ' || c.relname || '.' || k.conname, 'there'
      from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid
     where ${IN_SCHEMA} and k.contype in ('c', 'f', 'p', 'u') and k.convalidated
    union all
    select 'index ' || c.relname || '.' || i.relname, 'there'
      from pg_catalog.pg_index x
      join pg_catalog.pg_class c on c.oid = x.indrelid
      join pg_catalog.pg_class i on i.oid = x.indexrelid
     where ${IN_SCHEMA} and x.indisvalid
       and not exists (select from pg_catalog.pg_constraint k where k.conindid = x.indexrelid and k.contype in ('p', 'u'))
    union all
    select 'trigger ' || c.relname || '.' || t.tgname, case t.tgenabled when 'D' then 'switched off' else 'enabled' end
      from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid
     where ${IN_SCHEMA} and not t.tgisinternal
    union all
    select 'function ' || p.proname, left(encode(sha256(convert_to(p.prosrc, 'UTF8')), 'hex'), 12)
      from pg_catalog.pg_proc p where p.pronamespace = 'tidemark'::regnamespace
  ) facts order by what collate "C"`,
  params: [],
  decode: (raw) => ({ what: text(raw, 'what'), is: text(raw, 'is') }),
}

/** Why this user cannot write the store, or make it; null: it can. Asked of a read-only session. */
export const whyNotWritable: Statement<string | null> = {
  text: `select case
      when pg_is_in_recovery() then 'it is a standby'
      when (select reset_val from pg_catalog.pg_settings where name = 'default_transaction_read_only') = 'on'
        then 'user ' || current_user || ' may only read here (default_transaction_read_only)'
      when to_regnamespace('tidemark') is null
        then case when not has_database_privilege(current_database(), 'create')
                  then 'user ' || current_user || ' may not create a schema in it' end
      when to_regclass('tidemark.store_migration') is null
        then case when not has_schema_privilege('tidemark', 'create')
                  then 'user ' || current_user || ' may not create tables in the schema tidemark' end
      else (select 'user ' || current_user || ' may not write ' || string_agg(c.relname, ', ' order by c.relname)
              from pg_catalog.pg_class c
             where c.relnamespace = to_regnamespace('tidemark') and c.relkind in ('r', 'p')
               and exists (select from unnest(array['select', 'insert', 'update', 'delete']) as p
                            where not has_table_privilege(c.oid, p))
            having count(*) > 0)
    end as why`,
  params: [],
  decode: (raw) => (raw['why'] === null ? null : text(raw, 'why')),
}
