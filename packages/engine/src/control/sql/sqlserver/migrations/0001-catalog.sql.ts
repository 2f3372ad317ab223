/**
 * The store itself, its definitions with their history, and the audit. Frozen once released: later changes are later
 * migrations, and nothing here is shared with current code. `go` on a line of its own ends a batch: a schema, a trigger,
 * a view begins one.
 *
 * Text compares by its code units, as nearly as in the other stores, whatever the database's collation is. JSON that is
 * only kept is text: it comes back as it was written.
 */
const BINARY = 'collate Latin1_General_100_BIN2'
const TEXT = `nvarchar(max) ${BINARY}`
const TIME = `nvarchar(30) ${BINARY}`
const NAME = `nvarchar(63) ${BINARY}`
const WORD = `nvarchar(30) ${BINARY}`
const NOW = `(stuff(convert(nvarchar(23), cast(sysutcdatetime() as datetime2(3)), 121), 11, 1, N'T') + N'Z')`

/** Extended properties, as SSMS shows them. */
const describe = (table: string, column: string | null, text: string): string =>
  `exec sys.sp_addextendedproperty @name = N'MS_Description', @value = N'${text.replaceAll("'", "''")}',
  @level0type = N'SCHEMA', @level0name = N'tidemark', @level1type = N'TABLE', @level1name = N'${table}'${
    column === null ? '' : `,\n  @level2type = N'COLUMN', @level2name = N'${column}'`
  };`

const name = (table: string, column: string): string =>
  `${column} ${NAME} not null
    constraint ${table}_${column}_check check (${column} like N'[A-Za-z]%' and ${column} not like N'%[^A-Za-z0-9_-]%')`

/** An object: the first bracket of JSON, in which no scalar stands alone, is its own. */
const json = (table: string, column: string, nullable = 'null'): string =>
  `${column} ${TEXT} ${nullable} constraint ${table}_${column}_check
    check (isjson(${column}) = 1 and charindex(N'{', ${column} + N'{') < charindex(N'[', ${column} + N'['))`

const isActive = (table: string): string =>
  `is_active int not null constraint ${table}_is_active_default default 1
    constraint ${table}_is_active_check check (is_active in (0, 1))`

/** `row_id`: which row it is, whatever it is called, so that a trigger knows a renamed one again. */
const kept = (table: string): string => `version bigint not null constraint ${table}_version_default default 1,
  created_at ${TIME} not null constraint ${table}_created_at_default default ${NOW},
  updated_at ${TIME} not null constraint ${table}_updated_at_default default ${NOW},
  updated_by ${TEXT} not null constraint ${table}_updated_by_default default N'sql',
  row_id bigint identity not null`

const TABLES = `
if schema_id(N'tidemark') is null exec (N'create schema tidemark');
go
create table tidemark.store (
  one int not null constraint store_pkey primary key constraint store_one_check check (one = 1),
  id nvarchar(16) ${BINARY} not null constraint store_id_check check (len(id) = 16),
  created_at ${TIME} not null
);
insert into tidemark.store (one, id, created_at)
values (1, lower(right(replace(convert(nvarchar(36), newid()), N'-', N''), 16)), ${NOW});

create table tidemark.store_migration (
  version int not null constraint store_migration_pkey primary key,
  name ${NAME} not null,
  applied_at ${TIME} not null
);

create table tidemark.audit (
  id bigint identity not null constraint audit_pkey primary key,
  [at] ${TIME} not null constraint audit_at_default default ${NOW},
  actor ${TEXT} not null,
  command ${TEXT} not null,
  action ${TEXT} not null,
  subject ${TEXT} not null,
  reason ${TEXT} null,
  [before] ${TEXT} null,
  [after] ${TEXT} null
);

create table tidemark.connection (
  ${name('connection', 'id')},
  kind ${TEXT} not null,
  ${json('connection', 'options', 'not null')},
  ${json('connection', 'deployed')},
  ${kept('connection')},
  constraint connection_pkey primary key (id)
);

create table tidemark.module (
  ${name('module', 'id')},
  description ${TEXT} null,
  ${json('module', 'schedule')},
  ${isActive('module')},
  ${json('module', 'deployed')},
  ${kept('module')},
  constraint module_pkey primary key (id)
);

create table tidemark.task (
  ${name('task', 'module')} constraint task_module_fkey references tidemark.module (id),
  ${name('task', 'id')},
  execution_order int not null constraint task_execution_order_default default 1,
  type ${TEXT} not null constraint task_type_default default N'flow',
  ${json('task', 'source_config')},
  ${json('task', 'target_config')},
  ${json('task', 'transformation_config')},
  ${isActive('task')},
  ${json('task', 'deployed')},
  ${kept('task')},
  constraint task_pkey primary key (module, id)
);
`

const DESCRIPTIONS = [
  describe('store', null, 'One row: who this store is. Fences and markers in targets carry the id.'),
  describe('audit', null, 'Operator actions: deploy, rewind, reset, accepted changes, supersedes, requests to cancel.'),
  describe('audit', 'command', 'the command line as typed, without secrets'),
  describe('audit', 'subject', 'run r-7k3f9, or watermark shop.orders {}'),
  describe('connection', 'options', 'JSON as in the YAML; secrets only as references'),
  describe('module', 'schedule', 'JSON {cron, timezone}'),
  describe('task', 'execution_order', 'tasks of one order may run side by side; lower orders go first'),
  describe('task', 'source_config', "type flow: the YAML's source"),
  describe('task', 'target_config', "type flow: the YAML's target"),
  describe('task', 'transformation_config', 'type flow: all other keys of the flow; other types: config'),
]

interface Kept {
  readonly table: string
  readonly key: readonly string[]
  readonly numbers: readonly string[]
  readonly texts: readonly string[]
  readonly json: readonly string[]
  readonly flags: readonly string[]
}

const CONNECTION: Kept = {
  table: 'connection',
  key: ['id'],
  numbers: [],
  texts: ['kind'],
  json: ['options', 'deployed'],
  flags: [],
}
const MODULE: Kept = {
  table: 'module',
  key: ['id'],
  numbers: [],
  texts: ['description'],
  json: ['schedule', 'deployed'],
  flags: ['is_active'],
}
const TASK: Kept = {
  table: 'task',
  key: ['module', 'id'],
  numbers: ['execution_order'],
  texts: ['type'],
  json: ['source_config', 'target_config', 'transformation_config', 'deployed'],
  flags: ['is_active'],
}

function rowJson({ key, numbers, texts, json: documents, flags }: Kept, row: string): string {
  const plain = [...key, ...numbers, ...texts].map((c) => `${row}.${c} as ${c}`)
  const parsed = documents.map((c) => `json_query(${row}.${c}) as ${c}`)
  const truths = flags.map((c) => `cast(${row}.${c} as bit) as ${c}`)
  return `(select ${[...plain, ...parsed, ...truths].join(', ')}
            for json path, without_array_wrapper, include_null_values)`
}

/** As bytes where it is text: a comparison of text passes over blanks at its end. */
const content = ({ key, numbers, texts, json: documents, flags }: Kept, row: string): string =>
  [
    ...[...key, ...numbers, ...flags].map((c) => `${row}.${c}`),
    ...[...texts, ...documents].map((c) => `cast(${row}.${c} as varbinary(max))`),
  ].join(', ')

/**
 * What triggers keep true of one table, for all rows of a statement at once. Whether it named its author is told by
 * UPDATE(updated_by), not by the values: the same name twice would look like none. The update that a trigger makes
 * changes no content, so where it comes to the trigger again nothing is left to do.
 */
function historyOf(table: Kept): string {
  const { table: t, key } = table
  const columns = `${key.join(', ')}, version, action, changed_at, changed_by, [before], [after]`
  const ofRow = (row: string) => key.map((c) => `${row}.${c}`).join(', ')
  const same = (a: string, b: string) => key.map((c) => `${a}.${c} = ${b}.${c}`).join(' and ')
  return `
create table tidemark.${t}_history (
  seq bigint identity not null constraint ${t}_history_pkey primary key,
  ${key.map((c) => `${c} ${NAME} not null`).join(',\n  ')},
  version bigint not null,
  action ${WORD} not null constraint ${t}_history_action_check check (action in (N'insert', N'update', N'delete')),
  changed_at ${TIME} not null,
  changed_by ${TEXT} not null,
  [before] ${TEXT} null,
  [after] ${TEXT} null
);
create index ${t}_history_key on tidemark.${t}_history (${key.join(', ')}, version);
${[
  describe(`${t}_history`, null, `Every change of ${t}: who, when, before, after.`),
  describe(`${t}_history`, 'before', 'null where no row was there'),
  describe(`${t}_history`, 'after', 'null for a delete'),
  describe(t, 'deployed', 'what the last deploy wrote; null: made by hand'),
  describe(t, 'version', 'kept by triggers, as updated_at, updated_by and the history are'),
  describe(t, 'updated_by', "'sql' where the statement names nobody"),
  describe(t, 'row_id', 'which row it is, whatever it is called: for the triggers'),
].join('\n')}
go
-- A row that comes back after a delete goes on counting.
create trigger tidemark.${t}_inserted on tidemark.${t} after insert as
begin
  set nocount on;
  if not exists (select 1 from inserted) return;
  update k
     set version = case when k.version > 1 + p.version then k.version else 1 + p.version end, updated_at = ${NOW}
    from tidemark.${t} k
    join inserted i on i.row_id = k.row_id and ${same('i', 'k')}
   cross apply (select coalesce(max(h.version), 0) as version
                  from tidemark.${t}_history h where ${same('h', 'k')}) p;
  insert into tidemark.${t}_history (${columns})
  select ${ofRow('k')}, k.version, N'insert', k.updated_at, k.updated_by,
         (select top (1) h.[after] from tidemark.${t}_history h where ${same('h', 'k')} order by h.seq desc),
         ${rowJson(table, 'k')}
    from tidemark.${t} k
    join inserted i on i.row_id = k.row_id and ${same('i', 'k')};
end;
go
create trigger tidemark.${t}_updated on tidemark.${t} after update as
begin
  set nocount on;
  if exists (select 1 from inserted i join deleted d on d.row_id = i.row_id where i.version < d.version)
    throw 50000, N'version only grows', 1;
  declare @changed table (row_id bigint not null primary key);
  insert into @changed (row_id)
  select i.row_id
    from inserted i
    join deleted d on d.row_id = i.row_id
   where not exists (select ${content(table, 'i')}
           intersect select ${content(table, 'd')});
  if not exists (select 1 from @changed) return;
  declare @named bit = 0;
  if update(updated_by) set @named = 1;
  update k
     set version = case when i.version > d.version then i.version else d.version + 1 end, updated_at = ${NOW},
         updated_by = case when @named = 1 then k.updated_by else N'sql' end
    from tidemark.${t} k
    join inserted i on i.row_id = k.row_id and ${same('i', 'k')}
    join deleted d on d.row_id = i.row_id
    join @changed c on c.row_id = i.row_id;
  insert into tidemark.${t}_history (${columns})
  select ${ofRow('k')}, k.version, N'update', k.updated_at, k.updated_by,
         ${rowJson(table, 'd')},
         ${rowJson(table, 'k')}
    from tidemark.${t} k
    join inserted i on i.row_id = k.row_id and ${same('i', 'k')}
    join deleted d on d.row_id = i.row_id
    join @changed c on c.row_id = i.row_id;
end;
go
create trigger tidemark.${t}_deleted on tidemark.${t} after delete as
begin
  set nocount on;
  if not exists (select 1 from deleted) return;
  insert into tidemark.${t}_history (${columns})
  select ${ofRow('d')}, d.version, N'delete', ${NOW}, N'sql',
         ${rowJson(table, 'd')},
         null
    from deleted d;
end;
go`
}

export const catalogMigration = {
  version: 1,
  name: '0001-catalog',
  text: `${TABLES}${DESCRIPTIONS.join('\n')}\ngo${[CONNECTION, MODULE, TASK].map(historyOf).join('')}\n`,
} as const
