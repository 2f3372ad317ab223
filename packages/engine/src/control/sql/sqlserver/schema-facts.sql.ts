/** What is in the schema, in facts that every version of SQL Server tells alike. */
import { createHash } from 'node:crypto'
import type { Statement } from '../../store-session.ts'
import { text, textOrNull } from '../decode.ts'

const OURS = `o.schema_id = schema_id(N'tidemark')`

/** The same text, however it was broken into lines, whichever of the forms of CREATE made it. */
export const codeHash = (code: string): string =>
  createHash('sha256')
    .update(
      code
        .replace(/^\s*(?:--.*\s+)*create\s+(?:or\s+alter\s+)?/i, 'create ')
        .replace(/\s+/g, ' ')
        .trim(),
    )
    .digest('hex')
    .slice(0, 12)

/** `is` of a text is null where this user may not see it. */
export const schemaFacts: Statement<{ readonly what: string; readonly is: string | null }> = {
  text: `select what, [is], code from (
    select case o.type when 'V' then N'view ' else N'table ' end + o.name as what, N'there' as [is], cast(null as nvarchar(max)) as code
      from sys.objects o where ${OURS} and o.type in ('U', 'V')
    union all
    select N'column ' + o.name + N'.' + c.name,
           case when o.type = 'V' then N'there'
                else type_name(c.user_type_id)
                     + case when type_name(c.user_type_id) not in (N'nvarchar', N'binary') then N''
                            when c.max_length = -1 then N'(max)'
                            when type_name(c.user_type_id) = N'binary' then concat(N'(', c.max_length, N')')
                            else concat(N'(', c.max_length / 2, N')') end
                     + case when c.collation_name <> N'Latin1_General_100_BIN2' then N' ' + c.collation_name else N'' end
                     + case when c.is_identity = 1 then N' identity' else N'' end
                     + case when c.is_nullable = 0 then N' not null' else N'' end end, cast(null as nvarchar(max))
      from sys.columns c join sys.objects o on o.object_id = c.object_id
     where ${OURS} and o.type in ('U', 'V')
    union all
    select N'constraint ' + o.name + N'.' + k.name, N'there', cast(null as nvarchar(max))
      from sys.objects k join sys.objects o on o.object_id = k.parent_object_id
     where ${OURS} and k.type in ('PK', 'UQ', 'D')
    union all
    select N'constraint ' + o.name + N'.' + k.name,
           case when k.is_disabled = 1 then N'switched off' when k.is_not_trusted = 1 then N'not trusted' else N'there' end, cast(null as nvarchar(max))
      from sys.check_constraints k join sys.objects o on o.object_id = k.parent_object_id
     where ${OURS}
    union all
    select N'constraint ' + o.name + N'.' + k.name,
           case when k.is_disabled = 1 then N'switched off' when k.is_not_trusted = 1 then N'not trusted' else N'there' end, cast(null as nvarchar(max))
      from sys.foreign_keys k join sys.objects o on o.object_id = k.parent_object_id
     where ${OURS}
    union all
    select N'index ' + o.name + N'.' + x.name, case when x.is_disabled = 1 then N'switched off' else N'there' end, cast(null as nvarchar(max))
      from sys.indexes x join sys.objects o on o.object_id = x.object_id
     where ${OURS} and o.type = 'U' and x.name is not null and x.is_primary_key = 0 and x.is_unique_constraint = 0
    union all
    select N'trigger ' + o.name + N'.' + t.name, case when t.is_disabled = 1 then N'switched off' else N'enabled' end, cast(null as nvarchar(max))
      from sys.triggers t join sys.objects o on o.object_id = t.parent_id
     where ${OURS}
    union all
    select N'function ' + o.name, N'there', cast(null as nvarchar(max)) from sys.objects o where ${OURS} and o.type = 'FN'
    union all
    select N'text of ' + o.name, cast(null as nvarchar(100)), m.definition
      from sys.sql_modules m join sys.objects o on o.object_id = m.object_id
     where ${OURS} and o.type in ('V', 'TR', 'FN')
  ) facts`,
  params: [],
  decode: (raw) => {
    const code = textOrNull(raw, 'code')
    return { what: text(raw, 'what'), is: code === null ? textOrNull(raw, 'is') : codeHash(code) }
  },
}

/** Whether this user may see of the schema what is no table or column; who may not is told of less. */
export const seesDefinitions: Statement<boolean> = {
  text: `select case when has_perms_by_name(N'tidemark', 'SCHEMA', 'VIEW DEFINITION') = 1 then 1 else 0 end as sees`,
  params: [],
  decode: (raw) => text(raw, 'sees') === '1',
}

/** Why this user cannot write the store, or make it; null: it can. */
export const whyNotWritable: Statement<string | null> = {
  text: `select case
      when cast(databasepropertyex(db_name(), 'Updateability') as nvarchar(30)) = N'READ_ONLY' then N'it is read-only'
      when schema_id(N'tidemark') is null
        then case when has_perms_by_name(db_name(), 'DATABASE', 'CREATE SCHEMA') = 0
                    or has_perms_by_name(db_name(), 'DATABASE', 'CREATE TABLE') = 0
                  then N'user ' + user_name() + N' may not create a schema and its tables in it' end
      when object_id(N'tidemark.store_migration') is null
        then case when has_perms_by_name(N'tidemark', 'SCHEMA', 'ALTER') = 0
                  then N'user ' + user_name() + N' may not create tables in the schema tidemark' end
      else N'user ' + user_name() + N' may not write '
           + stuff((select N', ' + o.name from sys.objects o
                     where ${OURS} and o.type = 'U'
                       and exists (select 1 from (values ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE')) p (permission)
                                    where has_perms_by_name(N'tidemark.' + quotename(o.name), 'OBJECT', p.permission) = 0)
                     order by o.name for xml path(N'')), 1, 2, N'')
    end as why`,
  params: [],
  decode: (raw) => textOrNull(raw, 'why'),
}
