/** How long archives stay: retention, tags, cleanup; and what they weigh. */
import { renameSync, rmSync } from 'node:fs'
import { CleanupDocument, SnapshotStatsDocument, TagDocument } from '@tidemark/contract/archive-documents'
import { expect, test } from 'vitest'
import { archives, fileOf, ordersProject, taken } from './archive-project.ts'

test('cleanup deletes exactly what its dry run lists, and keeps the newest, what is held, and what is promised for longer', async () => {
  await using p = await ordersProject({ archive: 'connection: inbox, retain: 1ms' })
  const ids = [await taken(p), await taken(p), await taken(p), await taken(p)]
  const [first = '', held = '', promised = '', newest = ''] = ids
  const inA = await taken(p, '--scope', 'customer=a')
  await p.ok('snapshot', 'tag', held, 'hold=true')
  await p.ok('snapshot', 'tag', promised, '--retain', '9d')
  const before = p.bytes()
  const dry = await p.json(CleanupDocument, ['snapshot', 'cleanup', '--dry-run'])
  expect(p.bytes()).toEqual(before)
  expect(dry).toMatchObject({ dry_run: true, archives: [{ snapshot: first }], failed: [] })
  expect(dry.kept.map(({ snapshot, why }) => [snapshot, why])).toEqual([
    [held, 'held'],
    [newest, 'newest'],
    [inA, 'newest'],
  ])
  expect((await p.ok('snapshot', 'cleanup', '--dry-run')).out).toMatch(
    /\n1 archive of .* would be deleted · 1 as old stay: held by the tag hold · 2 as old stay: the newest of its scope\n$/,
  )
  const asked = await p.cli(['snapshot', 'cleanup'])
  expect([asked.exit, asked.err]).toEqual([2, expect.stringContaining('TM1020')])
  expect(await archives(p)).toHaveLength(5)
  // none is a day old
  expect((await p.json(CleanupDocument, ['snapshot', 'cleanup', '--keep-days', '1', '--yes'])).archives).toEqual([])
  const done = await p.json(CleanupDocument, ['snapshot', 'cleanup', '--yes'])
  expect(done.archives.map(({ snapshot }) => snapshot)).toEqual(dry.archives.map(({ snapshot }) => snapshot))
  expect((await archives(p)).map(({ snapshot }) => snapshot).sort()).toEqual([held, promised, newest, inA].sort())
  expect([p.exists(fileOf(first)), p.exists(`archive/m.t/${first}.json`)]).toEqual([false, false])
  expect(p.store("select action, subject from audit where action = 'snapshot cleanup'")).toHaveLength(1)
  await p.ok('snapshot', 'validate')
})

test('cleanup by age takes what has no retention, and by tags only what has them', async () => {
  await using p = await ordersProject()
  const [first, second, third] = [await taken(p), await taken(p), await taken(p)]
  expect((await p.json(CleanupDocument, ['snapshot', 'cleanup', '--dry-run'])).archives).toEqual([])
  // as if they were taken long ago
  await p.duckdb(
    '.tidemark/snapshots/m.t.duckdb',
    `UPDATE archive SET taken_at = '2020' || substr(taken_at, 5) WHERE snapshot <> '${third}'`,
  )
  await p.ok('snapshot', 'tag', second, 'kind=trial')
  const of = async (...options: readonly string[]) =>
    (await p.json(CleanupDocument, ['snapshot', 'cleanup', '--keep-days', '90', ...options])).archives.map(
      ({ snapshot }) => snapshot,
    )
  expect(await of('--dry-run')).toEqual([first, second])
  expect(await of('--dry-run', '--tag', 'kind=trial')).toEqual([second])
  expect(await of('--dry-run', '--tag', 'kind=other')).toEqual([])
  expect(await of('--yes', '--tag', 'kind=trial')).toEqual([second])
  expect(await of('--yes', 'm.t')).toEqual([first])
  expect((await archives(p)).map(({ snapshot }) => snapshot)).toEqual([third])
})

test('what cannot be deleted is said and still known', async () => {
  await using p = await ordersProject({ archive: 'connection: inbox, retain: 1ms' })
  const first = await taken(p)
  await taken(p)
  renameSync(p.path('archive'), p.path('elsewhere'))
  p.write('archive', '')
  const failed = await p.json(CleanupDocument, ['snapshot', 'cleanup', '--yes'], 1)
  expect(failed).toMatchObject({ archives: [], failed: [{ snapshot: first, error: { code: 'TM6201' } }] })
  expect(p.store("select subject, before from audit where action = 'snapshot cleanup' order by rowid")).toEqual([
    { subject: 'archives', before: `["${first} of m.t"]` },
    { subject: 'archives that could not be deleted', before: `["${first} of m.t"]` },
  ])
  rmSync(p.path('archive'))
  renameSync(p.path('elsewhere'), p.path('archive'))
  expect((await p.json(CleanupDocument, ['snapshot', 'cleanup', '--yes'])).archives).toMatchObject([
    { snapshot: first },
  ])
})

test('tags are set and removed beside the file and in the hot side, and whoever did it is recorded', async () => {
  await using p = await ordersProject()
  const id = await taken(p)
  const tagged = await p.json(TagDocument, [
    'snapshot',
    'tag',
    id,
    'month=2026-11',
    'why=an "audit"',
    '--retain',
    '365d',
  ])
  expect(tagged.archive).toMatchObject({
    tags: { month: '2026-11', why: 'an "audit"' },
    retention_until: expect.any(String),
  })
  expect(JSON.parse(p.read(`archive/m.t/${id}.json`))).toMatchObject({
    tags: { month: '2026-11', why: 'an "audit"' },
    retention_until: tagged.archive.retention_until,
  })
  expect((await p.json(TagDocument, ['snapshot', 'tag', id, '--remove', 'why'])).archive.tags).toEqual({
    month: '2026-11',
  })
  expect(p.store("select subject from audit where action = 'snapshot tag'")).toHaveLength(2)
  await p.ok('snapshot', 'validate', '--full')
  for (const [argv, words] of [
    [[id], 'TM1002'],
    [[id, 'month'], 'must be NAME=VALUE'],
    [[id, 'month=1', '--remove', 'month'], 'set and removed at once'],
    [[id, '--remove', 'nothing'], 'has no tag nothing'],
    [['s-00000', 'a=b'], 'TM6207'],
  ] as const) {
    const refused = await p.cli(['snapshot', 'tag', ...argv])
    expect([refused.exit, refused.err]).toEqual([2, expect.stringContaining(words)])
  }
})

test('stats tell count, size, ratio, oldest and newest of each scope', async () => {
  await using p = await ordersProject()
  await taken(p)
  await taken(p)
  await taken(p, '--scope', 'customer=a')
  const all = await archives(p)
  const whole = all.filter(({ scope }) => Object.keys(scope).length === 0)
  const { scopes } = await p.json(SnapshotStatsDocument, ['snapshot', 'stats'])
  expect(scopes.map(({ scope, archives: n, rows, pending }) => [scope, n, rows, pending])).toEqual([
    [{ customer: 'a' }, 1, 3, 0],
    [{}, 2, 12, 0],
  ])
  expect(scopes[1]).toMatchObject({
    bytes: whole.reduce((n, a) => n + Number(a.bytes), 0),
    oldest: whole[1]?.taken_at,
    newest: whole[0]?.taken_at,
  })
  const out = (await p.ok('snapshot', 'stats', '--days', '7')).out
  expect(out).toMatch(
    /^FLOW +ARCHIVES +PENDING +ROWS +SIZE +UNCOMPRESSED +RATIO +OLDEST .* NEWEST\nm\.t customer=a +1 +0 +3 /,
  )
  expect(out).toMatch(/taken within 7 days\n$/)
  const usage = await p.cli(['snapshot', 'stats', '--days', 'many'])
  expect([usage.exit, usage.err]).toEqual([2, expect.stringContaining('--days must be a whole number')])
})
