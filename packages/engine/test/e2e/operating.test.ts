import { ErrorDocument, PruneDocument, RejectsDocument, RunDocument, StatusDocument } from '@tidemark/contract/api'
import { expect, test } from 'vitest'
import { flatProject, type Project } from './project.ts'

const NOW = "CAST(now() AT TIME ZONE 'UTC' AS TIMESTAMP)"

/** Three rows delivered, and these keys in quarantine since. */
async function withRejects(...keys: readonly string[]): Promise<Project> {
  const p = await flatProject(3)
  await p.ok('run', '--all', '--deploy')
  for (const key of keys)
    p.store(`insert into reject (flow, run, key, code, message)
             select 'm.t', id, '["${key}"]', 'TM5001', 'refused ' || '${key}' from run limit 1`)
  return p
}
const list = (p: Project, ...argv: readonly string[]) => p.json(RejectsDocument, ['rejects', 'list', ...argv])

test('a quarantined row is listed until it is delivered or dismissed, and with --all what became of it', async () => {
  await using p = await withRejects('1', '2')
  expect((await list(p)).rejects).toMatchObject([
    { flow: 'm.t', key: ['1'], status: 'open', code: 'TM5001', times: 1 },
    { key: ['2'], status: 'open' },
  ])
  expect((await p.ok('rejects', 'list', 'm.t')).out).toMatch(/1 +m\.t +1 +open .*TM5001 refused 1\n/)
  await p.ok('rejects', 'dismiss', 'm.t', '--key', '2', '--reason', 'known', '--yes')
  expect((await list(p)).rejects).toMatchObject([{ key: ['1'] }])
  await p.ok('rejects', 'retry', 'm.t')
  expect((await list(p, 'm.t')).rejects).toEqual([])
  expect((await p.ok('rejects', 'list')).out).toBe('No open reject.\n')
  expect((await list(p, '--all')).rejects).toMatchObject([
    { key: ['1'], status: 'delivered', closed_by: expect.stringMatching(/^r-/) },
    { key: ['2'], status: 'dismissed', closed_by: expect.stringMatching(/^dismiss-/), closed_reason: 'known' },
  ])
})

test('a retry delivers what was mended, and no other row', async () => {
  await using p = await withRejects('2', '3')
  await p.duckdb(
    'data/a.duckdb',
    `UPDATE src SET v = 'mended', modified_on = ${NOW} WHERE id IN (2, 3)`,
    `INSERT INTO src VALUES (9, 'new', 'odd', ${NOW})`,
  )
  const answer = await p.json(RunDocument, ['rejects', 'retry', 'm.t', '--key', '2'])
  expect(answer.runs).toMatchObject([{ status: 'succeeded', window: { decided_by: 'retry' }, rows: { updated: 1 } }])
  expect(await p.rows('data/b.duckdb', 'SELECT id, v FROM dst ORDER BY id')).toEqual([
    ['1', 'v1'],
    ['2', 'mended'],
    ['3', 'v3'],
  ])
  expect((await list(p)).rejects).toMatchObject([{ key: ['3'] }])
  const none = await p.json(ErrorDocument, ['rejects', 'retry', 'm.t', '--key', '2'], 2)
  expect(none.error).toMatchObject({ code: 'TM3013' })
  p.expectFree()
})

test('rejects are dismissed after they were shown and a yes, and a no changes nothing', async () => {
  await using p = await withRejects('1', '2')
  const argv = ['rejects', 'dismiss', 'm.t', '--all-open', '--reason', 'known', '--no-color']
  const no = await p.cli(argv, { tty: true, typed: 'n\n' })
  expect([no.exit, (await list(p)).rejects.length]).toEqual([2, 2])
  expect(no.err).toMatch(/TM5001 refused 2\nDismiss 2 rejects of m\.t\?/)
  expect((await p.cli(argv)).err).toContain('TM1020')
  const yes = await p.cli(argv, { tty: true, typed: 'y\n' })
  expect([yes.exit, yes.out, (await list(p)).rejects]).toEqual([0, 'dismissed   2 rejects of m.t\n', []])
  expect(p.store("select actor is not null as a, reason from audit where action = 'dismiss-rejects'")).toEqual([
    { a: 1n, reason: 'known' },
  ])
})

test.each([
  [['m.t', '--reason', 'x'], 'which ones?'],
  [['m.t', '--all-open', '--key', '1', '--reason', 'x'], 'which ones?'],
  [['m.t', '--all-open', '--reason', ' '], '--reason needs a value'],
  [['m.t', '--id', '1e3', '--reason', 'x'], '--id must be the number of a reject'],
  [['m.t', '--key', '[1', '--reason', 'x'], 'a key is plain text or a JSON array'],
  [['m.t', '--id', '77', '--reason', 'x'], 'TM3013'],
  [['m.u', '--all-open', '--reason', 'x'], 'TM1003'],
])('rejects dismiss %j is refused before anything is written', async (argv, says) => {
  await using p = await withRejects('1')
  const { exit, err } = await p.cli(['rejects', 'dismiss', ...argv, '--yes'])
  expect([exit, (await list(p)).rejects.length]).toEqual([2, 1])
  expect(err).toContain(says)
})

test('rejects and runs alone say what there is below them', async () => {
  await using p = await flatProject(1)
  const help = await p.ok('rejects')
  for (const word of ['list', 'retry', 'dismiss']) expect(help.out).toMatch(new RegExp(`^  ${word} `, 'm'))
  expect((await p.ok('runs', '--help')).out).toMatch(/^  prune /m)
  expect((await p.cli(['rejects', 'dismis', 'm.t'])).exit).toBe(2)
})

test('runs prune counts, asks and deletes, and the watermark, the newest run and the audit stay', async () => {
  await using p = await flatProject(3)
  for (let n = 0; n < 4; n++) {
    await p.duckdb('data/a.duckdb', `INSERT INTO src VALUES (${10 + n}, 'x', 'odd', ${NOW})`)
    await p.ok('run', '--all', '--deploy')
  }
  const old = "'2025-01-01T00:00:00.000Z'"
  p.store(`update run set created_at = ${old}, finished_at = ${old}`)
  p.store(`update run_group set created_at = ${old}`)
  const bytes = p.bytes()
  const dry = await p.json(PruneDocument, ['runs', 'prune', '--keep', '90d', '--dry-run'])
  expect(dry).toMatchObject({ dry_run: true, runs: 3, batches: 3, groups: 3, kept: 1 })
  expect(p.bytes()).toEqual(bytes)
  expect((await p.cli(['runs', 'prune', '--keep', '90d'])).err).toContain('TM1020')
  const done = await p.json(PruneDocument, ['runs', 'prune', '--keep', '90d', '--yes'])
  expect(done).toEqual({ ...dry, dry_run: false, before: done.before })
  expect(p.store('select count(*) as n from run')).toEqual([{ n: 1n }])
  expect(p.store("select count(*) as n from audit where action = 'prune-runs'")).toEqual([{ n: 1n }])
  expect((await p.ok('status')).out).toContain('up to date')
  await p.duckdb('data/a.duckdb', `INSERT INTO src VALUES (99, 'x', 'odd', ${NOW})`)
  expect((await p.json(RunDocument, ['run', '--all'])).runs).toMatchObject([{ rows: { inserted: 1 } }])
  expect((await p.cli(['runs', 'prune', '--keep', 'long'])).exit).toBe(2)
})

test('status and the view freshness agree on age and lag', async () => {
  await using p = await flatProject(3)
  await p.ok('deploy')
  const never = (await p.json(StatusDocument, ['status'])).flows[0]
  expect([never?.complete_at, never?.age_ms, never?.lag_ms, never?.held]).toEqual([null, null, null, null])
  await p.ok('run', '--all')
  p.store("update run set created_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-2 hours')")
  p.store("update watermark set position = strftime('%Y-%m-%d %H:%M:%S', 'now', '-3 hours')")
  const flow = (await p.json(StatusDocument, ['status'])).flows[0]
  const [row] = p.store('select complete_at, age_seconds, lag_seconds from freshness')
  expect(flow?.complete_at).toBe(row?.['complete_at'])
  expect(Math.abs(Number(row?.['age_seconds']) * 1000 - (flow?.age_ms ?? 0))).toBeLessThan(5_000)
  expect(Math.abs(Number(row?.['lag_seconds']) * 1000 - (flow?.lag_ms ?? 0))).toBeLessThan(5_000)
  expect((await p.ok('status')).out).toMatch(/3 h +2 h +up to date/)
})

test('held back longer than max_hold is a status of its own, and leaves the age of the data growing', async () => {
  await using p = await flatProject(3)
  await p.ok('run', '--all', '--deploy')
  p.store("update run set created_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-5 hours')")
  const held = (id: string, hours: number, reason: string): void => {
    p.store(`insert into run (id, flow, scope, state, reason, actor, command, plan, created_at, started_at, finished_at)
      select '${id}', 'm.t', '{}', 'nothing_to_do', '${reason}', 'ann', 'run', '{}', t, t, t
        from (select strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-${hours} hours') as t)`)
  }
  const reason = 'held back by transaction 7, open since 2026-01-01'
  held('r-00001', 3, reason)
  held('r-00002', 0, reason)
  const flow = (await p.json(StatusDocument, ['status'])).flows[0]
  expect(flow).toMatchObject({ held: { reason, too_long: true }, state: `held back too long, for 3h: ${reason}` })
  expect(Math.round((flow?.age_ms ?? 0) / 3_600_000)).toBe(5)
  p.store("update run set started_at = strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-10 minutes') where id = 'r-00001'")
  expect((await p.json(StatusDocument, ['status'])).flows).toMatchObject([{ held: { too_long: false }, state: reason }])
})
