import { RunDocument } from '@tidemark/contract/api'
import { expect, test } from 'vitest'
import { flatProject, type Project } from './project.ts'
import { fileInsert, treeProject } from './tree-project.ts'

/** Another task of module `m`, in this order: by default like `m.t`, into a table of its own. */
function addTask(p: Project, id: string, order: number, { source = 'src', connection = 'a' } = {}): void {
  const task = `  - id: ${id}
    order: ${order}
    flow:
      source: { connection: ${connection}, table: ${source} }
      target: { connection: b, table: ${id} }
      key: [id]
      capture: { kind: watermark, position: modified_on, clock: utc, buffer: 0s }
`
  p.write('modules/m.yaml', p.read('modules/m.yaml') + task)
}

/** A lease of a worker on another machine, for the next hour. */
function hold(p: Project, flow: string): void {
  p.store(`insert into lease (flow, token, worker, host, pid, actor, expires_at)
           values ('${flow}', 7, 'w', 'elsewhere', 4711, 'bo', strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '+1 hour'))`)
}

/** Rows whose key is NULL: their run fails. */
const withNullKey = (p: Project, table = 'bad'): Promise<void> =>
  p.duckdb(
    'data/a.duckdb',
    `CREATE TABLE ${table} AS FROM src`,
    `INSERT INTO ${table} VALUES (NULL, 'x', 'odd', TIMESTAMP '2020-01-01')`,
  )

const QUARANTINE = 'parent: parent, orphans: quarantine }\n      on_reject: quarantine'

const statuses = (out: string): readonly string[] => RunDocument.parse(JSON.parse(out)).runs.map((r) => r.status)

test('exit code 0: rows were moved, and then there was nothing to do', async () => {
  await using p = await flatProject()
  expect((await p.cli(['run', '--all'])).exit).toBe(0)
  expect((await p.cli(['run', '--all'])).exit).toBe(0)
})

test('exit code 1: a run failed, with its code, its remedy and nothing in the target', async () => {
  await using p = await flatProject()
  await withNullKey(p)
  p.edit('modules/m.yaml', 'table: src', 'table: bad')
  const { exit, out, err } = await p.cli(['run', '--all'])
  expect(exit).toBe(1)
  expect(out).toContain('failed after')
  expect(err).toContain('TM4004 NULL in the key')
  expect(err).toContain('mend the rows')
  expect(p.exists('data/b.duckdb')).toBe(false)
  p.expectFree()
})

test('exit code 2: a definition that cannot be run leaves no run and no lease', async () => {
  await using p = await flatProject()
  p.edit('modules/m.yaml', 'table: src', 'table: scr')
  const { exit, out, err } = await p.cli(['run', '--all'])
  expect([exit, out]).toEqual([2, ''])
  expect(err).toContain('TM4001 source table not found: scr')
  expect(p.store('select id from run')).toEqual([])
  expect(p.exists('data/b.duckdb')).toBe(false)
  p.expectFree()
})

test('exit code 3: another holds the lease, and it is said who and until when', async () => {
  await using p = await flatProject()
  await p.ok('deploy')
  hold(p, 'm.t')
  const { exit, err } = await p.cli(['run', 'm.t'])
  expect(exit).toBe(3)
  expect(err).toMatch(/TM3001 flow is held by another: m\.t is run by bo, process 4711 on elsewhere, until 20\d\d-/)
  expect(err).toContain('--wait 5m')
  expect((await p.ok('status')).out).toContain('running')
})

test('exit code 3: another process has the DuckDB file, and it is said which process and what it runs', async () => {
  await using p = await flatProject(2_000)
  addTask(p, 'other', 2)
  await p.ok('deploy')
  const child = p.child(['run', 'm.t', '--batch-rows', '1'])
  await child.said('step rows')
  const { pid } = child.process
  const other = await p.cli(['run', 'm.other'])
  const same = await p.cli(['run', 'm.t'])
  child.process.kill('SIGINT')
  expect([other.exit, same.exit, (await child.ended).exit]).toEqual([3, 3, 130])
  expect(other.err).toContain('TM2002 file held by another process')
  expect(other.err).toMatch(
    new RegExp(`b\\.duckdb is open in process ${pid}; running now: m\\.t by \\S+, process ${pid} on [^;]*\\n`),
  )
  expect(same.err).toMatch(new RegExp(`TM3001 .*process ${pid} on`))
  expect((await p.cli(['run', '--all', '--fresh'])).exit).toBe(0)
})

test('a file that is held is waited for with --wait, and the run goes on when it is free', async () => {
  await using p = await flatProject(400)
  addTask(p, 'other', 2)
  await p.ok('deploy')
  const child = p.child(['run', 'm.t', '--batch-rows', '5'])
  await child.said('step rows')
  const { exit, err } = await p.cli(['run', 'm.other', '--wait', '1m'])
  expect(exit).toBe(0)
  expect(err).toContain('waiting for')
  expect((await child.ended).exit).toBe(0)
})

test('exit code 4: a quarantined orphan is a reject, and the rest of the tree arrives', async () => {
  await using p = await treeProject()
  p.edit('modules/m.yaml', 'parent: parent }', QUARANTINE)
  await p.duckdb('data/a.duckdb', fileInsert('lost', '/gone/lost/', '/gone/'))
  const { exit, out } = await p.cli(['run', 'm.t'])
  expect(exit).toBe(4)
  expect(out).toContain('1 rejected: tidemark rejects list m.t')
  expect(await p.rows('data/b.duckdb', 'SELECT id FROM files ORDER BY id')).toEqual([['a'], ['b'], ['c']])
  const status = await p.ok('status')
  expect(status.out).toMatch(/up to date · 1 reject open/)
  p.expectFree()
})

test('exit code 130: stopped by ^C before its first batch', async () => {
  await using p = await flatProject()
  const { exit, out } = await p.cli(['run', 'm.t', '--batch-rows', '1'], { stopAt: /step rows/ })
  expect(exit).toBe(130)
  expect(out).toMatch(/cancelled {3}0 of 3 batches are in · resume: tidemark resume r-/)
  p.expectFree()
})

test('of several exit codes, a definition error comes before a failed run', async () => {
  await using p = await flatProject()
  await withNullKey(p)
  addTask(p, 'bad', 1, { source: 'bad' })
  addTask(p, 'gone', 1, { source: 'nowhere' })
  const { exit, out, err } = await p.cli(['run', '--all', '--json'])
  expect([exit, statuses(out)]).toEqual([2, ['failed', 'failed', 'succeeded']])
  expect(err).toContain('TM4004 NULL in the key')
  expect(err).toContain('TM4001 source table not found')
  p.expectFree()
})

test('of several exit codes, a cancelled run comes before a failed one', async () => {
  await using p = await flatProject()
  await withNullKey(p)
  addTask(p, 'bad', 1, { source: 'bad' })
  addTask(p, 'z', 1)
  const argv = ['run', '--all', '--json', '--batch-rows', '1', '--parallel', '1']
  const { exit, out } = await p.cli(argv, { stopAt: /m\.t .* step rows/ })
  expect([exit, statuses(out)]).toEqual([130, ['failed', 'cancelled', 'cancelled']])
})

test('of several exit codes, a failed run comes before a flow that another holds', async () => {
  await using p = await flatProject()
  await withNullKey(p)
  addTask(p, 'bad', 1, { source: 'bad' })
  await p.ok('deploy')
  hold(p, 'm.t')
  const { exit, out } = await p.cli(['run', '--all', '--json'])
  expect([exit, statuses(out)]).toEqual([1, ['failed', 'failed']])
})

test('of several exit codes, a flow that another holds comes before rejects and success', async () => {
  await using p = await treeProject()
  p.edit('modules/m.yaml', 'parent: parent }', QUARANTINE)
  await p.duckdb(
    'data/a.duckdb',
    fileInsert('lost', '/gone/lost/', '/gone/'),
    'CREATE TABLE src AS SELECT id, modified_on FROM files',
  )
  addTask(p, 'flat', 2)
  await p.ok('deploy')
  hold(p, 'm.flat')
  const held = await p.cli(['run', '--all', '--json'])
  expect([held.exit, statuses(held.out)]).toEqual([3, ['succeeded_with_rejects', 'failed']])
  p.store("update lease set worker = null, expires_at = null where flow = 'm.flat'")
  await p.duckdb('data/a.duckdb', fileInsert('d', '/d/', null).replace('2020-01-01', '2020-01-02'))
  const rest = await p.cli(['run', '--all', '--json', '--full'])
  expect([rest.exit, statuses(rest.out)]).toEqual([4, ['succeeded_with_rejects', 'succeeded']])
})

test('the remedy of a run that fails is the one of its own case, not only the page of its code', async () => {
  await using p = await flatProject(6)
  await p.cli(['run', 'm.t', '--batch-rows', '2', '--parallel', '1'])
  await p.duckdb(
    'data/a.duckdb',
    "INSERT INTO src SELECT 10 + i, 'x', 'odd', CAST(now() AT TIME ZONE 'UTC' AS TIMESTAMP) FROM range(4) t(i)",
  )
  const crashed = await p.child(['run', 'm.t', '--batch-rows', '2', '--parallel', '1'], {
    TIDEMARK_FAILPOINT: 'batch:recorded:1',
  }).ended
  expect(crashed.signal).toBe('SIGKILL')
  await p.duckdb('data/b.duckdb', 'DELETE FROM dst')
  const { exit, err } = await p.cli(['run', 'm.t'])
  expect(exit).toBe(2)
  expect(err).toContain('TM3007')
  expect(err).toContain('  tidemark run m.t --fresh   gives this run up and plans anew\n')
})

test('a failed flow and one that waits for it: each is told, and the exit code is that of the failure', async () => {
  await using p = await flatProject()
  await withNullKey(p)
  addTask(p, 'bad', 2, { source: 'bad' })
  addTask(p, 'later', 3)
  const answer = await p.cli(['run', '--all'])
  expect(answer.exit).toBe(1)
  expect(answer.out).toMatch(/^m\.later +skipped: waits for m\.bad, which did not end well$/m)
  expect(answer.out).toContain('1 run succeeded · 1 run failed · 1 run skipped')
  expect(answer.err).toContain('m.later   skipped: waits for m.bad, which did not end well')
  expect(p.store("select count(*) as n from run where flow = 'm.later'")).toEqual([{ n: 0n }])
})
