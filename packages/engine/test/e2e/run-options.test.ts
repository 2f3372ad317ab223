import { RunDocument, RunsDocument } from '@tidemark/contract/api'
import { expect, test } from 'vitest'
import { flatProject, type Project } from './project.ts'

const NOW = "CAST(now() AT TIME ZONE 'UTC' AS TIMESTAMP)"

const run = async (p: Project, ...argv: readonly string[]) => (await p.json(RunDocument, ['run', 'm.t', ...argv])).runs
const target = (p: Project, query = 'SELECT id, v FROM dst ORDER BY id') => p.rows('data/b.duckdb', query)
const watermark = (p: Project): string =>
  String(p.store("select position from watermark where scope = '{}'")[0]?.['position'])
const audits = (p: Project) =>
  p.store('select action, subject, reason from audit order by rowid').map((a) => [a['action'], a['reason']])

/** A run that died with one of its three batches in. */
async function crashed(p: Project): Promise<string> {
  await p.ok('deploy')
  const { signal } = await p.child(['run', 'm.t', '--batch-rows', '1', '--parallel', '1'], {
    TIDEMARK_FAILPOINT: 'batch:recorded:1',
  }).ended
  expect(signal).toBe('SIGKILL')
  return String(p.store('select id from run')[0]?.['id'])
}

test('--full reads everything again and --after, --up-to a period, which leaves the watermark', async () => {
  await using p = await flatProject(5)
  await run(p)
  await p.duckdb('data/b.duckdb', "UPDATE dst SET v = 'lost', modified_on = TIMESTAMP '2019-01-01'")
  const before = watermark(p)
  const [period] = await run(p, '--after', '2020-01-01 00:00:02', '--up-to', '2020-01-01 00:00:04')
  expect(period).toMatchObject({
    window: { after: '2020-01-01 00:00:02', up_to: '2020-01-01 00:00:04' },
    rows: { read: 2, updated: 2 },
  })
  expect(await target(p)).toEqual([
    ['1', 'lost'],
    ['2', 'lost'],
    ['3', 'v3'],
    ['4', 'v4'],
    ['5', 'lost'],
  ])
  expect(watermark(p)).toBe(before)
  const [full] = await run(p, '--full')
  expect(full).toMatchObject({ window: { after: null }, rows: { read: 5, updated: 3, skipped_same: 2 } })
  expect(watermark(p) > before).toBe(true)
})

test('--buffer holds young rows back for one run, or takes them at once', async () => {
  await using p = await flatProject()
  p.edit('modules/m.yaml', 'buffer: 0s', 'buffer: 4h')
  await run(p)
  await p.duckdb('data/a.duckdb', `INSERT INTO src VALUES (9, 'young', 'odd', ${NOW})`)
  expect(await run(p)).toMatchObject([{ status: 'nothing_to_do', waiting: { rows: 1 } }])
  const text = await p.ok('run', 'm.t')
  expect(text.out).toMatch(/1 row younger than the buffer arrive after .* \(--buffer 0s takes them now\)/)
  expect(await run(p, '--buffer', '0s')).toMatchObject([{ status: 'succeeded', rows: { inserted: 1 }, waiting: null }])
})

test('--batch-rows and --parallel cut the work and share it; every row arrives once', async () => {
  await using p = await flatProject(25)
  expect(await run(p, '--batch-rows', '10')).toMatchObject([{ batches: 3, rows: { inserted: 25 } }])
  const first = p.store('select rows_read from batch order by batch').map((b) => b['rows_read'])
  expect(first).toEqual([10n, 10n, 5n])
  expect(await run(p, '--full', '--batch-rows', '1', '--parallel', '4')).toMatchObject([
    { batches: 25, rows: { skipped_same: 25 } },
  ])
  expect(await run(p, '--full', '--batch-rows', '1000')).toMatchObject([{ batches: 1 }])
  expect(await target(p, 'SELECT count(*), count(DISTINCT id) FROM dst')).toEqual([['25', '25']])
})

test('rewind shows what comes again, is recorded with its reason, and the next run delivers it', async () => {
  await using p = await flatProject(5)
  await run(p)
  await p.duckdb('data/b.duckdb', 'DELETE FROM dst WHERE id > 3')
  const asked = await p.cli(['rewind', 'm.t', '--to', '2020-01-01 00:00:03', '--reason', 'two lost', '--no-color'], {
    tty: true,
    typed: 'n\n',
  })
  expect(asked.exit).toBe(2)
  expect(asked.err).toMatch(
    /watermark +20.* → 2020-01-01 00:00:03\ndelivers again +2 rows\nsupersedes +no run\nRewind\? \[y\/N\] /,
  )
  const { out } = await p.ok('rewind', 'm.t', '--to', '2020-01-01 00:00:03', '--reason', 'two lost', '--yes')
  expect(out).toMatch(
    /rewound {3}m\.t from 20.* to 2020-01-01 00:00:03 · 2 rows come again\nDeliver again: tidemark run m\.t\n/,
  )
  expect(watermark(p)).toBe('2020-01-01 00:00:03')
  expect(audits(p)).toContainEqual(['rewind', 'two lost'])
  expect(await run(p)).toMatchObject([{ window: { after: '2020-01-01 00:00:03' }, rows: { read: 2, inserted: 2 } }])
})

test('a rewind supersedes the unfinished run, which can then not be resumed', async () => {
  await using p = await flatProject()
  await run(p)
  await p.duckdb('data/a.duckdb', `UPDATE src SET modified_on = ${NOW}`)
  await p.child(['run', 'm.t', '--batch-rows', '1'], { TIDEMARK_FAILPOINT: 'batch:recorded:1' }).ended
  const id = String(p.store("select id from run where state = 'running'")[0]?.['id'])
  const { out } = await p.ok('rewind', 'm.t', '--to', '2020-01-01', '--reason', 'again', '--yes')
  expect(out).toContain(`${id} superseded`)
  const { exit, err } = await p.cli(['resume', id])
  expect([exit, err]).toEqual([2, expect.stringContaining(`TM3006 run cannot be resumed: ${id} is superseded`)])
})

test('a rewind of one scope leaves the watermark of the others', async () => {
  await using p = await flatProject(4)
  p.edit('modules/m.yaml', 'apply: latest', 'apply: latest\n      scope: { part: part }')
  await run(p)
  const whole = watermark(p)
  await p.ok('rewind', 'm.t', '--scope', 'part=odd', '--to', '2020-01-01 00:00:01', '--reason', 'x', '--yes')
  expect(watermark(p)).toBe(whole)
  expect(await run(p)).toMatchObject([{ status: 'nothing_to_do' }])
  expect(await run(p, '--scope', 'part=odd')).toMatchObject([
    { scope: { part: 'odd' }, rows: { read: 1, skipped_same: 1 } },
  ])
})

test('resume --last goes on with the same run, its window and its batches, and ends it', async () => {
  await using p = await flatProject()
  const id = await crashed(p)
  const { runs } = await p.json(RunDocument, ['resume', '--last'])
  expect(runs).toMatchObject([{ run: id, status: 'succeeded', batches: 3, rows: { inserted: 3 } }])
  expect((await p.json(RunsDocument, ['runs'])).runs).toMatchObject([{ run: id, attempts: 2 }])
  expect(await target(p)).toHaveLength(3)
})

test('--fresh supersedes the unfinished run and plans anew', async () => {
  await using p = await flatProject()
  const id = await crashed(p)
  const [fresh, ...more] = await run(p, '--fresh')
  expect(more).toEqual([])
  expect(fresh).toMatchObject({ status: 'succeeded', rows: { read: 3, inserted: 2, skipped_same: 1 } })
  const { runs } = await p.json(RunsDocument, ['runs', 'm.t'])
  expect(runs).toMatchObject([{ status: 'succeeded' }, { run: id, status: 'superseded', superseded_by: '--fresh' }])
})

test('reset clears the progress and keeps the rows; the next run starts anew and inserts nothing twice', async () => {
  await using p = await flatProject()
  const id = await crashed(p)
  const { out } = await p.ok('reset', id)
  expect(out).toContain('Start anew: tidemark run m.t')
  expect(await target(p)).toHaveLength(1)
  expect(await run(p)).toMatchObject([{ status: 'succeeded', rows: { read: 3, inserted: 2, skipped_same: 1 } }])
  expect(await target(p)).toHaveLength(3)
  expect(audits(p).map(([action]) => action)).toContain('reset')
})

test('cancel ends a run whose worker is gone, at once; the next run resumes it', async () => {
  await using p = await flatProject()
  const id = await crashed(p)
  expect((await p.ok('cancel', id)).out).toBe(`${id} was running, now cancelled\n`)
  expect((await p.json(RunsDocument, ['runs'])).runs).toMatchObject([{ status: 'cancelled' }])
  p.expectFree()
  expect(await run(p)).toMatchObject([{ run: id, status: 'succeeded' }, { status: 'nothing_to_do' }])
})

test('a changed coverage stops the run with the choice; --accept-change goes on and records why, --full reads again', async () => {
  await using p = await flatProject(4)
  p.edit('modules/m.yaml', 'table: src }', 'table: src, where: [{ column: part, in: [odd] }] }')
  await run(p)
  p.edit('modules/m.yaml', 'in: [odd]', 'in: [odd, even]')
  await p.ok('deploy')
  for (const command of ['run', 'plan']) {
    const { exit, err } = await p.cli([command, 'm.t'])
    expect(exit).toBe(2)
    expect(err).toContain('TM4007 coverage changed: ')
    for (const way of [
      'tidemark run m.t --full',
      'tidemark rewind m.t --to POSITION',
      'tidemark run m.t --accept-change --reason TEXT',
    ])
      expect(err).toContain(way)
  }
  expect(await run(p, '--accept-change', '--reason', 'even came later')).toMatchObject([{ status: 'nothing_to_do' }])
  expect(JSON.stringify(audits(p))).toContain('even came later')
  expect(await run(p)).toMatchObject([{ status: 'nothing_to_do' }])
  expect(await target(p)).toHaveLength(2)
  expect(await run(p, '--full')).toMatchObject([{ rows: { read: 4, inserted: 2 } }])
})

test('--module runs the flows of that module, in their order', async () => {
  await using p = await flatProject()
  p.write(
    'modules/n.yaml',
    p
      .read('modules/m.yaml')
      .replace('module: m', 'module: n')
      .replace('id: t', 'id: late\n    order: 2')
      .replace('dst', 'late') +
      p
        .read('modules/m.yaml')
        .slice(p.read('modules/m.yaml').indexOf('  - id: t'))
        .replace('id: t', 'id: soon\n    order: 1')
        .replace('dst', 'soon'),
  )
  const { runs } = await p.json(RunDocument, ['run', '--module', 'n'])
  expect(runs.map((r) => r.flow)).toEqual(['n.soon', 'n.late'])
})

test('runs --limit and runs FLOW narrow the list, newest first', async () => {
  await using p = await flatProject()
  for (let i = 0; i < 3; i++) await run(p)
  const all = (await p.json(RunsDocument, ['runs'])).runs
  expect(all.map((r) => r.status)).toEqual(['nothing_to_do', 'nothing_to_do', 'succeeded'])
  expect((await p.json(RunsDocument, ['runs', 'm.t', '--limit', '2'])).runs).toEqual(all.slice(0, 2))
})
