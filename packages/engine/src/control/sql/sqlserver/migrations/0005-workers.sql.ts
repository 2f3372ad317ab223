/** Several workers on one run: who attends to it, and whose a claim is. Frozen once released. */
const BINARY = 'collate Latin1_General_100_BIN2'
const TEXT = `nvarchar(max) ${BINARY}`
const TIME = `nvarchar(30) ${BINARY}`
const NOW = `(stuff(convert(nvarchar(23), cast(sysutcdatetime() as datetime2(3)), 121), 11, 1, N'T') + N'Z')`

const describe = (table: string, column: string | null, text: string): string =>
  `exec sys.sp_addextendedproperty @name = N'MS_Description', @value = N'${text.replaceAll("'", "''")}',
  @level0type = N'SCHEMA', @level0name = N'tidemark', @level1type = N'TABLE', @level1name = N'${table}'${
    column === null ? '' : `,\n  @level2type = N'COLUMN', @level2name = N'${column}'`
  };`

export const workersMigration = {
  version: 5,
  name: '0005-workers',
  text: `
create table tidemark.run_worker (
  run nvarchar(60) ${BINARY} not null constraint run_worker_run_fkey references tidemark.run (id),
  worker nvarchar(200) ${BINARY} not null,
  token bigint not null,
  host ${TEXT} not null,
  pid int not null,
  actor ${TEXT} not null,
  joined_at ${TIME} not null constraint run_worker_joined_at_default default ${NOW},
  expires_at ${TIME} not null,
  constraint run_worker_pkey primary key (run, worker)
);
alter table tidemark.batch add worker nvarchar(200) ${BINARY} null;
go
${[
  describe(
    'run_worker',
    null,
    "Who attends to a run: the worker that holds its flow's lease, and those that joined. A claim is good as long as the time of its worker; one that leaves takes its row away, so that a row whose time is up is of a worker that died or sleeps.",
  ),
  describe('run_worker', 'token', 'the lease token that it works under'),
  describe('run_worker', 'expires_at', "on this database's clock"),
  describe('batch', 'worker', 'of the newest claim; its token says under which lease'),
].join('\n')}
`,
} as const
