/** Several workers on one run: who attends to it, and whose a claim is. Frozen once released. */
const TEXT = 'text collate "C"'
const NOW = `to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

export const workersMigration = {
  version: 5,
  name: '0005-workers',
  text: `
create table tidemark.run_worker (
  run ${TEXT} not null references tidemark.run (id),
  worker ${TEXT} not null,
  token bigint not null,
  host ${TEXT} not null,
  pid integer not null,
  actor ${TEXT} not null,
  joined_at ${TEXT} not null default (${NOW}),
  expires_at ${TEXT} not null,
  primary key (run, worker)
);
comment on table tidemark.run_worker is
  'Who attends to a run: the worker that holds its flow''s lease, and those that joined. A claim is good as long as the time of its worker; one that leaves takes its row away, so that a row whose time is up is of a worker that died or sleeps.';
comment on column tidemark.run_worker.token is 'the lease token that it works under';
comment on column tidemark.run_worker.expires_at is 'on this database''s clock';
alter table tidemark.batch add column worker ${TEXT};
comment on column tidemark.batch.worker is 'of the newest claim; its token says under which lease';
`,
} as const
