/** Leases, runs, steps, batches, watermarks and what is remembered between runs. Frozen once released. */
const BINARY = 'collate Latin1_General_100_BIN2'
const TEXT = `nvarchar(max) ${BINARY}`
const TIME = `nvarchar(30) ${BINARY}`
const WORD = `nvarchar(30) ${BINARY}`
/** of a run or a group; and what bears a number, as `rewind-7` */
const ID = `nvarchar(60) ${BINARY}`
const FLOW = `nvarchar(127) ${BINARY}`
const ALIAS = `nvarchar(63) ${BINARY}`
/** as long as an index of flow and scope allows */
const SCOPE = `nvarchar(700) ${BINARY}`
const NOW = `(stuff(convert(nvarchar(23), cast(sysutcdatetime() as datetime2(3)), 121), 11, 1, N'T') + N'Z')`

const count = (table: string, column: string, type = 'bigint'): string =>
  `${column} ${type} not null constraint ${table}_${column}_default default 0`
const rows = (table: string): string =>
  ['read', 'inserted', 'updated', 'deleted', 'skipped_same', 'skipped_older', 'rejected']
    .map((what) => count(table, `rows_${what}`))
    .join(',\n  ')
const error = (table: string): string => `error_code ${WORD} null,
  error_message ${TEXT} null,
  constraint ${table}_error_check check (error_code is null and error_message is null
                                      or error_code is not null and error_message is not null)`
const at = (table: string, column: string): string =>
  `[${column}] ${TIME} not null constraint ${table}_${column}_default default ${NOW}`
/** JSON that is part of a key: its names sorted, compared as text. */
const scope = (table: string): string =>
  `scope ${SCOPE} not null constraint ${table}_scope_check check (isjson(scope) = 1)`
/** A key has any length, an index has not: so it is the SHA-256 that is unique. */
const key = (table: string): string =>
  `[key] ${TEXT} not null constraint ${table}_key_check check (isjson([key]) = 1),
  key_hash as cast(hashbytes('SHA2_256', [key]) as binary(32)) persisted not null`
const states = (table: string, all: readonly string[], first: string | null): string =>
  `state ${WORD} not null${first === null ? '' : ` constraint ${table}_state_default default N'${first}'`}
    constraint ${table}_state_check check (state in (${all.map((s) => `N'${s}'`).join(', ')}))`
const WORK = ['planned', 'running', 'done', 'failed', 'superseded']
const RUN = [
  'planned',
  'running',
  'succeeded',
  'succeeded_with_rejects',
  'nothing_to_do',
  'failed',
  'cancelled',
  'superseded',
]

const describe = (table: string, column: string | null, text: string): string =>
  `exec sys.sp_addextendedproperty @name = N'MS_Description', @value = N'${text.replaceAll("'", "''")}',
  @level0type = N'SCHEMA', @level0name = N'tidemark', @level1type = N'TABLE', @level1name = N'${table}'${
    column === null ? '' : `,\n  @level2type = N'COLUMN', @level2name = N'${column}'`
  };`

const TABLES = `
create table tidemark.lease (
  flow ${FLOW} not null constraint lease_pkey primary key,
  token bigint not null,
  worker ${TEXT} null,
  host ${TEXT} null,
  pid int null,
  actor ${TEXT} null,
  acquired_at ${TIME} null,
  renewed_at ${TIME} null,
  expires_at ${TIME} null,
  constraint lease_check check (worker is null and expires_at is null or worker is not null and expires_at is not null)
);
go
create trigger tidemark.lease_never_deleted on tidemark.lease after delete as
begin
  set nocount on;
  if exists (select 1 from deleted)
    throw 50000, N'a lease row is never deleted: its token would start again', 1;
end;
go
-- A flow that is called otherwise is one whose row is gone.
create trigger tidemark.lease_token_only_grows on tidemark.lease after insert, update as
begin
  set nocount on;
  if exists (select 1 from inserted where token < 1)
     or exists (select 1 from deleted d
                 where not exists (select 1 from inserted i where i.flow = d.flow and i.token >= d.token))
    throw 50000, N'a token only grows', 1;
end;
go
create table tidemark.run_group (
  id ${ID} not null constraint run_group_pkey primary key,
  ${at('run_group', 'created_at')},
  actor ${TEXT} not null,
  command ${TEXT} not null,
  reason ${TEXT} null
);

create table tidemark.run (
  seq bigint identity not null constraint run_pkey primary key,
  id ${ID} not null constraint run_id_key unique,
  run_group ${ID} null constraint run_run_group_fkey references tidemark.run_group (id),
  flow ${FLOW} not null,
  ${scope('run')},
  ${states('run', RUN, null)},
  reason ${TEXT} null,
  lane ${TEXT} null,
  window_after ${TEXT} null,
  window_up_to ${TEXT} null,
  window_decided_by ${TEXT} null,
  waiting_rows bigint null,
  waiting_until ${TEXT} null,
  ${rows('run')},
  ${count('run', 'batches', 'int')},
  ${count('run', 'batches_done', 'int')},
  ${at('run', 'created_at')},
  started_at ${TIME} null,
  attempt_started_at ${TIME} null,
  finished_at ${TIME} null,
  ${count('run', 'duration_ms')},
  actor ${TEXT} not null,
  command ${TEXT} not null,
  actor_reason ${TEXT} null,
  attempts int not null constraint run_attempts_default default 1,
  worker ${TEXT} null,
  token bigint null,
  cancel_requested_at ${TIME} null,
  cancel_requested_by ${TEXT} null,
  superseded_by ${ID} null,
  [plan] ${TEXT} not null,
  captured ${TEXT} null,
  ${error('run')},
  constraint run_superseded_by_check check (state = N'superseded' and superseded_by is not null
                                         or state <> N'superseded' and superseded_by is null),
  constraint run_batches_check check (batches_done <= batches)
);
create index run_of_flow on tidemark.run (flow, scope, seq);
create index run_of_group on tidemark.run (run_group);

create table tidemark.step (
  run ${ID} not null constraint step_run_fkey references tidemark.run (id),
  step int not null constraint step_step_check check (step > 0),
  name ${TEXT} not null,
  ${states('step', WORK, 'planned')},
  ${count('step', 'batches', 'int')},
  ${count('step', 'batches_done', 'int')},
  ${rows('step')},
  constraint step_pkey primary key (run, step),
  constraint step_batches_check check (batches_done <= batches)
);

create table tidemark.batch (
  run ${ID} not null,
  batch int not null constraint batch_batch_check check (batch > 0),
  step int not null,
  wave int not null,
  ${states('batch', WORK, 'planned')},
  split ${TEXT} not null,
  ${count('batch', 'attempts', 'int')},
  token bigint null,
  ${rows('batch')},
  claimed_at ${TIME} null,
  finished_at ${TIME} null,
  ${error('batch')},
  constraint batch_pkey primary key (run, batch),
  constraint batch_run_step_fkey foreign key (run, step) references tidemark.step (run, step)
);
-- ten thousand batches of one run are no reason to keep the workers of others waiting
alter table tidemark.batch set (lock_escalation = disable);

create table tidemark.watermark (
  flow ${FLOW} not null,
  ${scope('watermark')},
  position ${TEXT} null,
  run ${ID} not null,
  version bigint not null,
  coverage ${TEXT} not null,
  source ${TEXT} not null,
  ${at('watermark', 'updated_at')},
  constraint watermark_pkey primary key nonclustered (flow, scope)
);

create table tidemark.look (
  flow ${FLOW} not null,
  ${scope('look')},
  value ${TEXT} not null,
  run ${ID} not null constraint look_run_fkey references tidemark.run (id),
  ${at('look', 'updated_at')},
  constraint look_pkey primary key nonclustered (flow, scope)
);

create table tidemark.unmatched (
  flow ${FLOW} not null,
  alias ${ALIAS} not null,
  ${key('unmatched')},
  position ${TEXT} null,
  ${states('unmatched', ['open', 'found', 'given_up'], 'open')},
  ${at('unmatched', 'first_seen_at')},
  closed_at ${TIME} null,
  run ${ID} not null constraint unmatched_run_fkey references tidemark.run (id),
  constraint unmatched_pkey primary key (flow, alias, key_hash),
  constraint unmatched_closed_at_check check (state = N'open' and closed_at is null
                                           or state <> N'open' and closed_at is not null)
);

create table tidemark.reject (
  id bigint identity not null constraint reject_pkey primary key,
  flow ${FLOW} not null,
  run ${ID} not null constraint reject_run_fkey references tidemark.run (id),
  ${key('reject')},
  code ${WORD} not null,
  message ${TEXT} not null,
  ${states('reject', ['open', 'delivered', 'dismissed'], 'open')},
  ${at('reject', 'created_at')},
  closed_at ${TIME} null,
  closed_by ${ID} null,
  constraint reject_closed_at_check check (state = N'open' and closed_at is null
                                        or state <> N'open' and closed_at is not null)
);
create unique index reject_open on tidemark.reject (flow, key_hash) where state = N'open';

create table tidemark.commit_mark (
  writer nvarchar(36) ${BINARY} not null constraint commit_mark_pkey primary key,
  number bigint not null,
  ${at('commit_mark', 'at')}
);
`

const DESCRIPTIONS = [
  describe('lease', null, 'The right to run a flow. Rows are never deleted, so that a token only grows.'),
  describe('lease', 'worker', 'null: free'),
  describe('lease', 'expires_at', "on this database's clock"),
  describe('run_group', null, 'The runs that one command started.'),
  describe('run', null, 'One plan of one flow, executed.'),
  describe('run', 'seq', 'the order in which runs were planned'),
  describe('run', 'scope', 'JSON, names sorted; {} is the whole flow'),
  describe('run', 'reason', 'why it ended so, where that is not an error'),
  describe('run', 'window_after', 'after < position <= up_to'),
  describe('run', 'window_decided_by', 'what held up_to back; null: no window'),
  describe('run', 'waiting_rows', 'rows younger than up_to'),
  describe('run', 'started_at', 'the first attempt'),
  describe('run', 'attempt_started_at', 'the newest attempt'),
  describe('run', 'duration_ms', 'of all attempts that ended'),
  describe('run', 'actor_reason', '--reason of the command'),
  describe('run', 'worker', 'of the newest attempt'),
  describe('run', 'token', 'the lease token of the newest attempt'),
  describe('run', 'superseded_by', 'a run, or rewind-N, accept-change-N, reset-N: N is the id in audit'),
  describe('run', 'captured', 'what the capture fixed'),
  describe('batch', null, 'The unit that commits. Numbers go on in a resume, and match the marker rows in the target.'),
  describe('batch', 'wave', 'batches of one wave are independent; the next wave waits for them'),
  describe('batch', 'token', 'the lease token of the newest claim'),
  describe('watermark', null, 'The up_to of the last run that succeeded, per flow and scope.'),
  describe('watermark', 'position', 'exact text; null: no row had a position yet'),
  describe('watermark', 'run', 'the run that earned it, or rewind-N: N is the id in audit'),
  describe('watermark', 'version', 'grows with every change: compared and set'),
  describe('look', null, 'Numbers only: the greatest value seen in the newest look, the ceiling of the next run.'),
  describe('unmatched', null, 'Position rows without a main row yet: looked up again by later runs.'),
  describe('unmatched', 'run', 'that changed it last'),
  describe('reject', null, 'Rows in quarantine, by key.'),
  describe('reject', 'run', 'the newest one that rejected it'),
  describe('reject', 'closed_by', 'the run that delivered it, or dismiss-N: N is the id in audit'),
  describe(
    'commit_mark',
    null,
    'The newest transaction of each connection at work: by it one is known whose commit was not answered.',
  ),
]

export const ledgerMigration = {
  version: 2,
  name: '0002-ledger',
  text: `${TABLES}${DESCRIPTIONS.join('\n')}\n`,
} as const
