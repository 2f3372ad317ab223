/** Leases, runs, steps, batches, watermarks and what is remembered between runs. Frozen once released. */
const NOW = `strftime('%Y-%m-%dT%H:%M:%fZ', 'now')`
const ROWS = `rows_read integer not null default 0,
  rows_inserted integer not null default 0,
  rows_updated integer not null default 0,
  rows_deleted integer not null default 0,
  rows_skipped_same integer not null default 0,
  rows_skipped_older integer not null default 0,
  rows_rejected integer not null default 0`
const ERROR = `error_code text,
  error_message text,
  check ((error_code is null) = (error_message is null))`

export const ledgerMigration = {
  version: 2,
  name: '0002-ledger',
  text: `
-- The right to run a flow. Rows are never deleted, so that a token only grows.
create table lease (
  flow text primary key,
  token integer not null check (token > 0),
  worker text,                 -- null: free
  host text,
  pid integer,
  actor text,
  acquired_at text,
  renewed_at text,
  expires_at text,             -- on this store's clock
  check ((worker is null) = (expires_at is null))
) strict;
create trigger lease_never_deleted before delete on lease begin
  select raise(abort, 'a lease row is never deleted: its token would start again');
end;
create trigger lease_token_only_grows before update of token on lease when new.token < old.token begin
  select raise(abort, 'a token only grows');
end;

-- The runs that one command started.
create table run_group (
  id text primary key,
  created_at text not null default (${NOW}),
  actor text not null,
  command text not null,
  reason text
) strict;

-- One plan of one flow, executed. seq is the order in which runs were planned.
create table run (
  seq integer primary key autoincrement,
  id text not null unique,
  run_group text references run_group (id),
  flow text not null,
  scope text not null check (json_valid(scope)),  -- JSON, names sorted; {} is the whole flow
  state text not null check (state in ('planned', 'running', 'succeeded', 'succeeded_with_rejects', 'nothing_to_do',
                                       'failed', 'cancelled', 'superseded')),
  reason text,                 -- why it ended so, where that is not an error
  lane text,
  window_after text,           -- after < position <= up_to
  window_up_to text,
  window_decided_by text,      -- what held up_to back; null: no window
  waiting_rows integer,        -- rows younger than up_to
  waiting_until text,
  ${ROWS},
  batches integer not null default 0,
  batches_done integer not null default 0,
  created_at text not null default (${NOW}),
  started_at text,             -- the first attempt
  attempt_started_at text,     -- the newest attempt
  finished_at text,
  duration_ms integer not null default 0,  -- of all attempts that ended
  actor text not null,
  command text not null,
  actor_reason text,           -- --reason of the command
  attempts integer not null default 1,
  worker text,                 -- of the newest attempt
  token integer,               -- its lease token
  cancel_requested_at text,
  cancel_requested_by text,
  superseded_by text,          -- a run, or rewind-N, accept-change-N, reset-N: N is the id in audit
  plan text not null check (json_valid(plan)),
  captured text check (captured is null or json_valid(captured)),  -- what the capture fixed
  ${ERROR},
  check ((state = 'superseded') = (superseded_by is not null)),
  check (batches_done <= batches)
) strict;
create index run_of_flow on run (flow, scope, seq);
create index run_of_group on run (run_group) where run_group is not null;

create table step (
  run text not null references run (id),
  step integer not null check (step > 0),
  name text not null,
  state text not null default 'planned' check (state in ('planned', 'running', 'done', 'failed', 'superseded')),
  batches integer not null default 0,
  batches_done integer not null default 0,
  ${ROWS},
  primary key (run, step),
  check (batches_done <= batches)
) strict, without rowid;

-- The unit that commits. Numbers go on in a resume, and match the marker rows in the target.
create table batch (
  run text not null,
  batch integer not null check (batch > 0),
  step integer not null,
  wave integer not null,       -- batches of one wave are independent; the next wave waits for them
  state text not null default 'planned' check (state in ('planned', 'running', 'done', 'failed', 'superseded')),
  split text not null check (json_valid(split)),
  attempts integer not null default 0,
  token integer,               -- the lease token of the newest claim
  ${ROWS},
  claimed_at text,
  finished_at text,
  ${ERROR},
  primary key (run, batch),
  foreign key (run, step) references step (run, step)
) strict, without rowid;

-- The up_to of the last run that succeeded, per flow and scope.
create table watermark (
  flow text not null,
  scope text not null check (json_valid(scope)),
  position text,               -- exact text; null: no row had a position yet
  run text not null,           -- the run that earned it, or rewind-N: N is the id in audit
  version integer not null,    -- grows with every change: compared and set
  coverage text not null check (json_valid(coverage)),
  source text not null check (json_valid(source)),
  updated_at text not null default (${NOW}),
  primary key (flow, scope)
) strict, without rowid;

-- Numbers only: the greatest value seen in the newest look, the ceiling of the next run.
create table look (
  flow text not null,
  scope text not null check (json_valid(scope)),
  value text not null,
  run text not null references run (id),
  updated_at text not null default (${NOW}),
  primary key (flow, scope)
) strict, without rowid;

-- Position rows without a main row yet: looked up again by later runs.
create table unmatched (
  flow text not null,
  alias text not null,
  key text not null check (json_valid(key)),
  position text,
  state text not null default 'open' check (state in ('open', 'found', 'given_up')),
  first_seen_at text not null default (${NOW}),
  closed_at text,
  run text not null references run (id),  -- that changed it last
  primary key (flow, alias, key),
  check ((state = 'open') = (closed_at is null))
) strict, without rowid;

-- Rows in quarantine, by key.
create table reject (
  id integer primary key autoincrement,
  flow text not null,
  run text not null references run (id),  -- the newest one that rejected it
  key text not null check (json_valid(key)),
  code text not null,
  message text not null,
  state text not null default 'open' check (state in ('open', 'delivered', 'dismissed')),
  created_at text not null default (${NOW}),
  closed_at text,
  closed_by text,              -- the run that delivered it
  check ((state = 'open') = (closed_at is null))
) strict;
create unique index reject_open on reject (flow, key) where state = 'open';
`,
} as const
