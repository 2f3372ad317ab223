/**
 * The store itself, its definitions with their history, and the audit. Frozen once released: later changes are later
 * migrations, and nothing here is shared with current code.
 */
const NOW = `strftime('%Y-%m-%dT%H:%M:%fZ', 'now')`
const name = (column: string): string =>
  `${column} text not null check (${column} glob '[A-Za-z]*' and ${column} not glob '*[^A-Za-z0-9_-]*' and length(${column}) <= 63)`
const json = (column: string): string =>
  `${column} text check (${column} is null or (json_valid(${column}) and json_type(${column}) = 'object'))`

const KEPT = `-- kept by triggers, also for edits by plain SQL; updated_by is 'sql' where the statement names nobody
  version integer not null default 1,
  created_at text not null default (${NOW}),
  updated_at text not null default (${NOW}),
  updated_by text not null default 'sql'`

const TABLES = `
-- One row: who this store is. Fences and markers in targets carry the id.
create table store (
  one integer primary key check (one = 1),
  id text not null check (length(id) = 16),
  created_at text not null
) strict;
insert into store (one, id, created_at) values (1, lower(hex(randomblob(8))), ${NOW});

create table store_migration (
  version integer primary key,
  name text not null,
  applied_at text not null
) strict;

-- Operator actions: deploy, rewind, reset, accepted changes, supersedes, requests to cancel.
create table audit (
  id integer primary key autoincrement,
  at text not null default (${NOW}),
  actor text not null,
  command text not null,       -- the command line as typed, without secrets
  action text not null,
  subject text not null,       -- 'run r-7k3f9', 'watermark shop.orders {}'
  reason text,
  before text,                 -- JSON
  after text                   -- JSON
) strict;

create table connection (
  ${name('id')} primary key,
  kind text not null,
  ${json('options').replace('text', 'text not null')},  -- JSON as in the YAML; secrets only as references
  ${json('deployed')},         -- what the last deploy wrote; null: made by hand
  ${KEPT}
) strict;

create table module (
  ${name('id')} primary key,
  description text,
  ${json('schedule')},         -- JSON {cron, timezone}
  is_active integer not null default 1 check (is_active in (0, 1)),
  ${json('deployed')},         -- what the last deploy wrote; null: made by hand
  ${KEPT}
) strict;

create table task (
  ${name('module')} references module (id),
  ${name('id')},
  execution_order integer not null default 1,  -- tasks of one order may run side by side; lower orders go first
  type text not null default 'flow',
  ${json('source_config')},          -- type flow: the YAML's source
  ${json('target_config')},          -- type flow: the YAML's target
  ${json('transformation_config')},  -- type flow: all other keys of the flow; other types: config
  is_active integer not null default 1 check (is_active in (0, 1)),
  ${json('deployed')},               -- what the last deploy wrote; null: made by hand
  ${KEPT},
  primary key (module, id)
) strict;
`

interface Kept {
  readonly table: string
  readonly key: readonly string[]
  readonly columns: readonly string[]
  readonly json: readonly string[]
  readonly flags: readonly string[]
}

const CONNECTION: Kept = {
  table: 'connection',
  key: ['id'],
  columns: ['kind'],
  json: ['options', 'deployed'],
  flags: [],
}
const MODULE: Kept = {
  table: 'module',
  key: ['id'],
  columns: ['description'],
  json: ['schedule', 'deployed'],
  flags: ['is_active'],
}
const TASK: Kept = {
  table: 'task',
  key: ['module', 'id'],
  columns: ['execution_order', 'type'],
  json: ['source_config', 'target_config', 'transformation_config', 'deployed'],
  flags: ['is_active'],
}

function rowJson(kept: Kept, row: 'old' | 'new'): string {
  const plain = [...kept.key, ...kept.columns].map((c) => `'${c}', ${row}.${c}`)
  const parsed = kept.json.map((c) => `'${c}', json(${row}.${c})`)
  const flags = kept.flags.map((c) => `'${c}', json(iif(${row}.${c}, 'true', 'false'))`)
  return `json_object(${[...plain, ...parsed, ...flags].join(',\n           ')})`
}

/**
 * What triggers keep true of one table. Whether a statement named its author cannot be seen from the values (the same
 * name twice looks like none), so a trigger on that very column notes it in named_edit before the row changes, and the
 * note is gone when the statement ends.
 */
function historyOf(kept: Kept): string {
  const { table, key } = kept
  const content = [...key, ...kept.columns, ...kept.json, ...kept.flags]
  const columns = `${key.join(', ')}, version, action, changed_at, changed_by, before, after`
  const ofRow = key.map((c) => `k.${c}`).join(', ')
  const pastOfNew = `from ${table}_history h where ${key.map((c) => `h.${c} = new.${c}`).join(' and ')}`
  const noted = `from named_edit where table_name = '${table}' and row = old.rowid`
  return `
-- Every change of ${table}: who, when, before, after.
create table ${table}_history (
  seq integer primary key autoincrement,
  ${key.map((c) => `${c} text not null`).join(',\n  ')},
  version integer not null,
  action text not null check (action in ('insert', 'update', 'delete')),
  changed_at text not null,
  changed_by text not null,
  before text,                 -- JSON; null where no row was there
  after text                   -- JSON; null for a delete
) strict;
create index ${table}_history_key on ${table}_history (${key.join(', ')}, version);

-- A row that comes back after a delete, or in a REPLACE, goes on counting.
create trigger ${table}_inserted after insert on ${table} begin
  update ${table}
     set version = max(new.version, 1 + coalesce((select max(h.version) ${pastOfNew}), 0)),
         updated_at = ${NOW}
   where rowid = new.rowid;
  insert into ${table}_history (${columns})
  select ${ofRow}, k.version, 'insert', k.updated_at, k.updated_by,
         (select h.after ${pastOfNew} order by h.seq desc limit 1),
         ${rowJson(kept, 'new')}
    from ${table} k where k.rowid = new.rowid;
end;

-- Once, though the update that ${table}_updated makes comes here again. (In an upsert, OR IGNORE would not be obeyed.)
create trigger ${table}_named before update of updated_by on ${table} when not exists (select 1 ${noted}) begin
  insert into named_edit (table_name, row) values ('${table}', old.rowid);
end;

create trigger ${table}_updated after update of ${content.join(', ')} on ${table}
when ${content.map((c) => `new.${c} is not old.${c}`).join('\n  or ')}
begin
  update ${table}
     set version = max(new.version, old.version + 1),
         updated_at = ${NOW},
         updated_by = iif(exists (select 1 ${noted}), new.updated_by, 'sql')
   where rowid = new.rowid;
  insert into ${table}_history (${columns})
  select ${ofRow}, k.version, 'update', k.updated_at, k.updated_by,
         ${rowJson(kept, 'old')},
         ${rowJson(kept, 'new')}
    from ${table} k where k.rowid = new.rowid;
end;

-- Also after the update that ${table}_updated makes: it sets updated_by and nothing else of these.
create trigger ${table}_note_done after update of updated_by on ${table}
when ${content.map((c) => `new.${c} is old.${c}`).join('\n  and ')}
begin
  delete ${noted};
end;

create trigger ${table}_version_only_grows before update of version on ${table} when new.version < old.version begin
  select raise(abort, 'version only grows');
end;

create trigger ${table}_deleted after delete on ${table} begin
  insert into ${table}_history (${columns})
  values (${key.map((c) => `old.${c}`).join(', ')}, old.version, 'delete', ${NOW}, 'sql',
         ${rowJson(kept, 'old')}, null);
end;
`
}

export const catalogMigration = {
  version: 1,
  name: '0001-catalog',
  text: `${TABLES}
-- Working table of the triggers: rows whose author the running statement names.
create table named_edit (
  table_name text not null,
  row integer not null,
  primary key (table_name, row)
) strict, without rowid;
${[CONNECTION, MODULE, TASK].map(historyOf).join('')}`,
} as const
