/** What the hot side lost comes back from the archive, and no change is reported that is none. Defaults of earlier variables. */
import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { SnapshotsDocument } from '@tidemark/contract/snapshot-documents'
import { expect, test } from 'vitest'
import { archives, change, fileOf, ordersProject, take, taken } from './archive-project.ts'
import type { Project } from './project.ts'

const HOT = '.tidemark/snapshots/m.t.duckdb'
const imageOf = (p: Project, id: string): string => p.path(`.tidemark/snapshots/m.t/${id}.parquet`)

/** As another version of DuckDB may have left it: other fingerprints, the same row hashes. */
const ofAnotherVersion = (p: Project) =>
  p.duckdb(
    HOT,
    "UPDATE snapshot SET engine = 'v0.9.0'",
    'UPDATE hot_row SET first_hash = second_hash, second_hash = first_hash // 3',
  )

test.each([
  ['values are compared', ', exact: true'],
  ['other columns are compared', ', normalise: { name: [trim] }'],
])(
  'after another version of DuckDB, where %s, an image that is gone is brought back from the archive',
  async (_, more) => {
    await using p = await ordersProject()
    const first = await taken(p)
    await ofAnotherVersion(p)
    rmSync(imageOf(p, first))
    p.edit('modules/m.yaml', 'keep: 1', `keep: 2${more}`)
    await p.ok('deploy')
    const unchanged = await take(p)
    expect(unchanged.runs).toMatchObject([{ status: 'nothing_to_do', rows: { read: 0 } }])
    expect(unchanged.snapshots).toMatchObject([
      { previous: first, difference: { new: 0, changed: 0, deleted: 0, unchanged: 6 } },
    ])
    expect(readdirSync(p.path('.tidemark/snapshots/m.t'))).toContain(`${first}.parquet`)
    await change(p, 'other')
    expect((await take(p)).snapshots).toMatchObject([{ difference: { new: 0, changed: 1, deleted: 0, unchanged: 5 } }])
  },
)

test('without an archive, an image that is gone and has to be read stops the run', async () => {
  await using p = await ordersProject()
  p.edit('modules/m.yaml', ', archive: { connection: inbox }', ', exact: true')
  await p.ok('deploy')
  rmSync(imageOf(p, await taken(p)))
  const stopped = await p.cli(['run', 'm.t'])
  expect([stopped.exit, stopped.err]).toEqual([1, expect.stringContaining('TM4041')])
})

test('a hot side that is gone is made again from the archive, rows and hashes, and the next run finds what changed', async () => {
  await using p = await ordersProject()
  const first = await taken(p)
  await p.ok('snapshot', 'tag', first, 'month=11')
  rmSync(p.path('.tidemark/snapshots'), { recursive: true })
  await p.duckdb(
    'data/a.duckdb',
    "UPDATE src SET name = 'other' WHERE id = 1",
    'DELETE FROM src WHERE id = 2',
    "INSERT INTO src VALUES (9, 'n9', 0, 'x', 0, 'b')",
  )
  const next = await take(p)
  expect(next.runs).toMatchObject([{ status: 'succeeded', rows: { read: 2, inserted: 1, updated: 1 } }])
  expect(next.snapshots).toMatchObject([
    { previous: first, difference: { new: 1, changed: 1, deleted: 1, unchanged: 4 } },
  ])
  expect((await archives(p)).map(({ snapshot, tags }) => [snapshot, tags])).toEqual([
    [next.snapshots[0]?.snapshot, {}],
    [first, { month: '11' }],
  ])
  await p.ok('snapshot', 'validate', '--full')
})

test('nothing is brought back from an archive that is damaged', async () => {
  await using p = await ordersProject()
  const first = await taken(p)
  rmSync(p.path('.tidemark/snapshots'), { recursive: true })
  const bytes = p.bytesOf(fileOf(first))
  const damaged = Buffer.from(bytes)
  damaged[bytes.length >> 1]! ^= 1
  writeFileSync(p.path(fileOf(first)), damaged)
  const stopped = await p.cli(['run', 'm.t'])
  expect([stopped.exit, stopped.err]).toEqual([1, expect.stringContaining('TM6203')])
  expect((await p.json(SnapshotsDocument, ['snapshot', 'list'])).snapshots).toEqual([])
  writeFileSync(p.path(fileOf(first)), bytes)
  expect((await take(p, '--fresh')).snapshots).toMatchObject([{ previous: first, difference: { unchanged: 6 } }])
})

test('how many snapshots and how long archives stay may come from the variables of an earlier system', async () => {
  await using p = await ordersProject()
  p.edit('modules/m.yaml', ', keep: 1', '')
  await p.ok('deploy')
  p.write('.env', 'SNAPSHOT_KEEP_COUNT=3\nARCHIVE_RETENTION_DAYS=10\n')
  for (let i = 0; i < 4; i += 1) await taken(p)
  expect((await p.json(SnapshotsDocument, ['snapshot', 'list'])).snapshots).toHaveLength(3)
  for (const { taken_at: from, retention_until: until } of await archives(p))
    expect(
      Temporal.Instant.from(from)
        .until(until ?? '')
        .total('hours'),
    ).toBe(240)
  // what a flow says wins
  p.edit('modules/m.yaml', 'archive: { connection: inbox }', 'keep: 1, archive: { connection: inbox, retain: 5d }')
  await p.ok('deploy')
  await taken(p)
  const [newest] = await archives(p)
  expect(
    Temporal.Instant.from(newest?.taken_at ?? '')
      .until(newest?.retention_until ?? '')
      .total('hours'),
  ).toBe(120)
  expect((await p.json(SnapshotsDocument, ['snapshot', 'list'])).snapshots).toHaveLength(1)
  for (const [name, value] of [
    ['SNAPSHOT_KEEP_COUNT', '0'],
    ['ARCHIVE_RETENTION_DAYS', 'ninety'],
  ] as const) {
    p.write('.env', `${name}=${value}\n`)
    const refused = await p.cli(['run', 'm.t'])
    expect([refused.exit, refused.err]).toEqual([
      2,
      expect.stringContaining(`the variable ${name} must be a whole number`),
    ])
  }
})

test('an archive that nobody names, or whose secret is not there, is refused before anything is written', async () => {
  await using p = await ordersProject({ archive: '' })
  const before = p.bytes()
  for (const command of ['plan', 'run']) {
    const refused = await p.cli([command, 'm.t'])
    expect([refused.exit, refused.err]).toEqual([2, expect.stringContaining('TM1016')])
    expect(refused.err).toContain('KESTRA_POSTGRES_HOST is not set')
  }
  expect(p.exists('.tidemark/snapshots')).toBe(false)
  expect(Object.keys(p.bytes())).toEqual(Object.keys(before))
})
