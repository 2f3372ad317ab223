/** Several workers on one run: who attends to it, and whose a claim is. Frozen once released. */
const NOW = `strftime('%Y-%m-%dT%H:%M:%fZ', 'now')`

export const workersMigration = {
  version: 5,
  name: '0005-workers',
  text: `
-- Who attends to a run: the worker that holds its flow's lease, and those that joined. A claim is good as long as the
-- time of its worker; one that leaves takes its row away, so that a row whose time is up is of a worker that died or sleeps.
create table run_worker (
  run text not null references run (id),
  worker text not null,
  token integer not null,      -- the lease token that it works under
  host text not null,
  pid integer not null,
  actor text not null,
  joined_at text not null default (${NOW}),
  expires_at text not null,    -- on this store's clock
  primary key (run, worker)
) strict, without rowid;
alter table batch add column worker text;  -- of the newest claim; its token says under which lease
`,
} as const
