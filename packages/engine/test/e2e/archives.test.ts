/** Archives of snapshots on the real command line: written, pending, validated, restored. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import {
  ArchivesDocument,
  KeyHistoryDocument,
  RestoreDocument,
  ValidateDocument,
} from '@tidemark/contract/archive-documents'
import { ArchiveManifest } from '@tidemark/contract/archive-manifest'
import { SnapshotsDocument } from '@tidemark/contract/snapshot-documents'
import { expect, test } from 'vitest'
import { ACCOUNT, BUCKET, S3Server } from '../support/s3-server.ts'
import { archives, change, fileOf, ordersProject, PROJECT, take, taken } from './archive-project.ts'

test('each snapshot is archived with its manifest, and the archive outlives it', async () => {
  await using p = await ordersProject({ archive: 'connection: inbox, retain: 90d' })
  const first = await taken(p)
  await change(p, 'other')
  const second = await taken(p)
  // one stays hot
  expect((await p.json(SnapshotsDocument, ['snapshot', 'list'])).snapshots).toMatchObject([
    { snapshot: second, status: 'current', archive: 'archived' },
  ])
  const listed = await archives(p)
  expect(listed).toMatchObject([
    { snapshot: second, state: 'archived', rows: 6, problem: null, connection: 'inbox' },
    { snapshot: first, state: 'archived', rows: 6, tags: {} },
  ])
  expect(readdirSync(p.path('archive/m.t')).sort()).toEqual(
    [first, second].flatMap((id) => [`${id}.json`, `${id}.parquet`]).sort(),
  )
  const manifest = ArchiveManifest.parse(JSON.parse(p.read(`archive/m.t/${first}.json`)))
  const bytes = p.bytesOf(fileOf(first))
  expect(manifest).toMatchObject({
    flow: 'm.t',
    snapshot: first,
    rows: 6,
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    key: ['id'],
    tags: {},
  })
  expect(manifest.compression_ratio).toBeCloseTo(Number(manifest.uncompressed_bytes) / bytes.length, 1)
  const days =
    Temporal.Instant.from(manifest.taken_at)
      .until(manifest.retention_until ?? '')
      .total('hours') / 24
  expect(days).toBe(90)
  // anybody can read it
  expect(await p.rows('data/a.duckdb', `SELECT name FROM '${p.path(fileOf(first))}' WHERE id = 1`)).toEqual([['n1']])
  const out = (await p.ok('snapshot', 'archive', 'm.t')).out
  expect(out).toMatch(/^SNAPSHOT +FLOW +TAKEN .* ROWS +SIZE +RATIO +UNTIL +STATE +TAGS\n/)
  expect(out).toMatch(new RegExp(`\n${first} +m\\.t +.* 6 +.* archived\n`))
  expect((await p.ok('snapshot', 'list')).out).toMatch(/ current +archived\n$/)
})

test('nothing is archived where no flow asks for it', async () => {
  await using p = await ordersProject()
  p.edit('modules/m.yaml', ', archive: { connection: inbox }', '')
  await p.ok('deploy')
  await taken(p)
  expect((await p.ok('snapshot', 'archive')).out).toMatch(/^No archive yet: /)
  expect((await p.ok('snapshot', 'archive', '--retry')).out).toBe('Nothing is pending.\n')
  expect((await p.ok('snapshot', 'validate')).out).toMatch(/^No archive yet: /)
  expect((await p.ok('snapshot', 'stats')).out).toMatch(/^No archive yet: /)
  expect((await p.ok('snapshot', 'cleanup', '--keep-days', '1')).out).toBe('No archive would be deleted\n')
  expect(p.exists('archive')).toBe(false)
})

test('an archive that is down leaves the run succeeded and says so; its image stays until the next run writes it', async () => {
  await using p = await ordersProject()
  // a file stands where the folder should be
  p.write('archive', '')
  const down = await take(p)
  expect(down.runs).toMatchObject([
    {
      status: 'succeeded',
      error: null,
      remarks: [
        { code: 'TM6204', message: expect.stringMatching(/^TM6204 archive is pending: s-.{8} of m\.t: TM6201 /) },
      ],
    },
  ])
  const first = down.snapshots[0]?.snapshot ?? ''
  expect(await archives(p)).toMatchObject([
    { snapshot: first, state: 'pending', problem: expect.stringContaining('TM6201'), sha256: null },
  ])
  await change(p, 'second')
  const told = await p.ok('snapshot', 'take', 'm.t')
  expect(told.err).toMatch(
    /TM6204 archive is pending: s-.{8}, s-.{8} of m\.t: .*tidemark snapshot archive m\.t --retry/,
  )
  // keep: 1, and yet both images are there
  expect((await p.json(SnapshotsDocument, ['snapshot', 'list'])).snapshots).toMatchObject([
    { status: 'current', archive: 'pending' },
    { snapshot: first, status: 'kept', archive: 'pending' },
  ])
  expect(readdirSync(p.path('.tidemark/snapshots/m.t'))).toHaveLength(2)
  const pending = (await p.ok('snapshot', 'archive')).out
  expect(pending).toMatch(/ pending\n/)
  expect(pending).toContain('TM6201 archive cannot be reached')

  const failed = await p.cli(['snapshot', 'archive', '--retry'])
  expect([failed.exit, failed.out]).toEqual([1, expect.stringContaining('2 archives not written')])
  rmSync(p.path('archive'))
  const third = await taken(p)
  expect((await archives(p)).map(({ state }) => state)).toEqual(['archived', 'archived', 'archived'])
  expect(readdirSync(p.path('.tidemark/snapshots/m.t'))).toEqual([`${third}.parquet`])
  expect((await p.json(ValidateDocument, ['snapshot', 'validate', '--full'])).archives).toMatchObject([
    { sound: true },
    { sound: true },
    { sound: true },
  ])
})

test('what is pending is written by --retry from the image that was kept', async () => {
  await using p = await ordersProject()
  p.write('archive', '')
  await take(p)
  rmSync(p.path('archive'))
  const retried = await p.json(ArchivesDocument, ['snapshot', 'archive', 'm.t', '--retry'])
  expect(retried.archives).toMatchObject([{ state: 'archived', rows: 6, problem: null }])
  expect((await p.ok('snapshot', 'archive', '--retry')).out).toBe('Nothing is pending.\n')
  // it is due no more, and the next snapshot takes its place
  await taken(p)
  expect(readdirSync(p.path('.tidemark/snapshots/m.t'))).toHaveLength(1)
})

test('an image that is gone before it was archived is lost, and said so', async () => {
  await using p = await ordersProject()
  p.write('archive', '')
  const [first] = (await take(p)).snapshots
  rmSync(p.path(`.tidemark/snapshots/m.t/${first?.snapshot}.parquet`))
  rmSync(p.path('archive'))
  const lost = await p.cli(['snapshot', 'archive', '--retry'])
  expect([lost.exit, lost.out]).toEqual([1, expect.stringMatching(/ lost\n.*went before it was archived/)])
  expect((await p.json(ValidateDocument, ['snapshot', 'validate'], 1)).archives).toMatchObject([
    { sound: false, problems: [{ what: 'not_archived' }] },
  ])
})

test('a snapshot that is given up leaves no archive pending', async () => {
  await using p = await ordersProject()
  const first = await taken(p)
  const dying = p.child(['run', 'm.t'], { TIDEMARK_FAILPOINT: 'snapshot:built' })
  expect(await dying.ended).toMatchObject({ signal: 'SIGKILL' })
  expect(await archives(p)).toMatchObject([{ state: 'pending' }, { snapshot: first }])
  const second = await taken(p, '--fresh')
  expect((await archives(p)).map(({ snapshot, state }) => [snapshot, state])).toEqual([
    [second, 'archived'],
    [first, 'archived'],
  ])
})

test('another project that uses the same folder is not written over', async () => {
  await using p = await ordersProject()
  p.write('archive', '')
  const id = (await take(p)).snapshots[0]?.snapshot ?? ''
  rmSync(p.path('archive'))
  await using other = await ordersProject()
  const theirs = await taken(other)
  mkdirSync(p.path('archive/m.t'), { recursive: true })
  p.write(`archive/m.t/${id}.json`, other.read(`archive/m.t/${theirs}.json`))
  const refused = await p.cli(['snapshot', 'archive', '--retry'])
  expect([refused.exit, refused.out]).toEqual([1, expect.stringContaining('TM6205 another archive lies there')])
  expect(p.exists(fileOf(id))).toBe(false)
})

test('validate names what is wrong: cut short, a flipped byte, a wrong count, another schema, gone', async () => {
  await using p = await ordersProject({ keep: 1 })
  const ids: string[] = []
  for (let i = 0; i < 7; i += 1) {
    await change(p, `name ${i}`)
    ids.push(await taken(p))
  }
  const [cut = '', flipped = '', gone = '', bare = '', count = '', schema = '', sound = ''] = ids
  expect((await p.ok('snapshot', 'validate')).out).toMatch(/7 archives sound: bytes read again\n$/)

  truncateSync(p.path(fileOf(cut)), 300)
  const bytes = p.bytesOf(fileOf(flipped))
  bytes[bytes.length >> 1]! ^= 1
  writeFileSync(p.path(fileOf(flipped)), bytes)
  rmSync(p.path(fileOf(gone)))
  rmSync(p.path(`archive/m.t/${bare}.json`))
  await p.duckdb(
    '.tidemark/snapshots/m.t.duckdb',
    `UPDATE archive SET manifest = json_merge_patch(manifest, '{"rows": 7}') WHERE snapshot = '${count}'`,
    `UPDATE archive SET manifest = json_merge_patch(manifest, '{"schema_hash": "${'0'.repeat(64)}"}') WHERE snapshot = '${schema}'`,
  )
  const { archives: found } = await p.json(ValidateDocument, ['snapshot', 'validate'], 1)
  const kinds = new Map(found.map((a) => [a.snapshot, a.problems.map(({ what }) => what)]))
  expect(kinds.get(cut)).toEqual(['size'])
  expect(kinds.get(flipped)).toEqual(['sha256'])
  expect(kinds.get(gone)).toEqual(['gone'])
  expect(kinds.get(bare)).toEqual(['gone'])
  expect(kinds.get(count)).toEqual(['manifest', 'rows'])
  expect(kinds.get(schema)).toEqual(['manifest', 'schema'])
  expect(kinds.get(sound)).toEqual([])
  const told = await p.cli(['snapshot', 'validate'])
  expect(told.exit).toBe(1)
  expect(told.out).toMatch(/300 bytes instead of \d+: the file is cut short\n/)
  expect(told.out).toContain('6 rows in its file instead of 7')
  expect(told.out).toMatch(/6 of 7 archives not sound\n$/)
  expect((await p.json(ValidateDocument, ['snapshot', 'validate', sound])).archives).toHaveLength(1)
  const unknown = await p.cli(['snapshot', 'validate', 's-00000'])
  expect([unknown.exit, unknown.err]).toEqual([2, expect.stringContaining('TM1005')])
  // nothing is left of the copies
  expect(readdirSync(p.path('.tidemark/tmp'))).toEqual([])
})

test('validate --full hashes every row again, and finds the one whose hash is another', async () => {
  await using p = await ordersProject({ keep: 2 })
  await taken(p)
  const id = await taken(p)
  await p.duckdb(
    '.tidemark/snapshots/m.t.duckdb',
    `UPDATE hot_row SET row_hash = repeat('0', 64) WHERE snapshot = '${id}' AND key = '["3"]'`,
  )
  await p.json(ValidateDocument, ['snapshot', 'validate'])
  const hot = await p.json(ValidateDocument, ['snapshot', 'validate', id, '--full'], 1)
  expect(hot.archives[0]?.problems).toEqual([
    { what: 'row_hashes', detail: '1 rows have another hash than the hot side has, such as ["3"]' },
  ])
  // of one that is archived alone, what was counted when it was written
  await p.duckdb(
    '.tidemark/snapshots/m.t.duckdb',
    `DELETE FROM hot_row WHERE snapshot = '${id}'`,
    `UPDATE archive SET manifest = json_merge_patch(manifest, '{"row_digest": "1:2:3:4"}') WHERE snapshot = '${id}'`,
  )
  const alone = await p.json(ValidateDocument, ['snapshot', 'validate', id, '--full'], 1)
  expect(alone.archives[0]?.problems.map(({ what }) => what)).toEqual(['manifest', 'row_hashes'])
})

test.each(['parquet', 'csv', 'json'] as const)(
  'a snapshot is restored to %s, from its image or its archive',
  async (format) => {
    await using p = await ordersProject()
    await p.duckdb('data/a.duckdb', 'UPDATE src SET name = NULL WHERE id = 2', "UPDATE src SET name = '' WHERE id = 3")
    const first = await taken(p)
    await change(p, 'other')
    const second = await taken(p)
    // NULL is nothing between two commas, and '' is two quotes
    const from = (file: string): string =>
      format === 'csv' ? `read_csv('${p.path(file)}', allow_quoted_nulls = false)` : `'${p.path(file)}'`
    const read = (file: string) =>
      p.rows(
        'data/a.duckdb',
        `SELECT id, name, CAST(price AS VARCHAR), CAST(big AS VARCHAR) FROM ${from(file)} ORDER BY id`,
      )
    for (const [id, lies, name] of [
      [first, 'archive', 'n1'],
      [second, 'image', 'other'],
    ] as const) {
      const to = `out/${id}.${format}`
      const restored = await p.json(RestoreDocument, ['snapshot', 'restore', id, '--to', to])
      expect(restored).toMatchObject({ snapshot: id, from: lies, rows: 6, format, file: p.path(to) })
      const rows = await read(to)
      expect(rows.map(([, value]) => value)).toEqual(['n0', name, null, '', 'n4', 'n5'])
      expect(rows[1]?.slice(2)).toEqual([expect.stringMatching(/^1\.25/), '9007199254740994'])
      expect(readdirSync(p.path('out')).filter((file) => file.endsWith('.part'))).toEqual([])
    }
    const again = await p.cli(['snapshot', 'restore', first, '--to', `out/${first}.${format}`])
    expect([again.exit, again.err]).toEqual([2, expect.stringContaining('TM6206 exists already')])
  },
)

test('a snapshot is restored into a new table of a DuckDB file, in its own types', async () => {
  await using p = await ordersProject()
  await p.duckdb(
    'data/a.duckdb',
    'ALTER TABLE src ADD COLUMN huge HUGEINT',
    'UPDATE src SET huge = 1000000000000000000000000000000 + id',
  )
  const first = await taken(p)
  await taken(p)
  const restored = await p.json(RestoreDocument, [
    'snapshot',
    'restore',
    first,
    '--into',
    'b',
    '--table',
    'past.orders',
  ])
  expect(restored).toMatchObject({
    from: 'archive',
    rows: 6,
    file: null,
    table: { connection: 'b', name: 'past.orders' },
  })
  expect(
    await p.rows(
      'data/b.duckdb',
      'SELECT typeof(huge), typeof(price), CAST(huge AS VARCHAR) FROM past.orders WHERE id = 3',
    ),
  ).toEqual([['HUGEINT', 'DECIMAL(38,10)', '1000000000000000000000000000003']])
  for (const [options, words] of [
    [['--into', 'b', '--table', 'PAST.Orders'], 'TM6206 exists already'],
    [['--into', 'inbox', '--table', 'orders'], 'TM1017'],
    [['--into', 'nowhere', '--table', 'orders'], 'TM1013'],
    [['--into', 'b'], '--into CONNECTION --table NAME'],
    [['--to', 'x.csv', '--into', 'b', '--table', 'orders'], '--into CONNECTION --table NAME'],
    [[], '--into CONNECTION --table NAME'],
  ] as const) {
    const refused = await p.cli(['snapshot', 'restore', first, ...options])
    expect([refused.exit, refused.err]).toEqual([2, expect.stringContaining(words)])
  }
  expect((await p.ok('snapshot', 'restore', first, '--into', 'b', '--table', 'again')).out).toMatch(/ → again in b\n$/)
})

test('an archive that is damaged is not restored', async () => {
  await using p = await ordersProject()
  const first = await taken(p)
  await taken(p)
  const bytes = p.bytesOf(fileOf(first))
  bytes[40]! ^= 1
  writeFileSync(p.path(fileOf(first)), bytes)
  const damaged = await p.cli(['snapshot', 'restore', first, '--to', 'out.csv'])
  expect([damaged.exit, damaged.err]).toEqual([1, expect.stringContaining('TM6203 archive is damaged')])
  rmSync(p.path(fileOf(first)))
  const gone = await p.cli(['snapshot', 'restore', first, '--to', 'out.csv'])
  expect([gone.exit, gone.err]).toEqual([1, expect.stringContaining('TM6202 archive is gone')])
  expect(existsSync(p.path('out.csv'))).toBe(false)
  const ending = await p.cli(['snapshot', 'restore', first, '--to', 'out.xlsx'])
  expect([ending.exit, ending.err]).toEqual([2, expect.stringContaining('.parquet, .csv, .json')])
})

test('one key is followed through hot and archived snapshots, in each scope', async () => {
  await using p = await ordersProject()
  const first = await taken(p)
  await p.duckdb('data/a.duckdb', "UPDATE src SET name = 'other', price = NULL WHERE id = 1")
  const second = await taken(p)
  await p.duckdb('data/a.duckdb', "UPDATE src SET seen = 'y' WHERE id = 1")
  const third = await taken(p)
  await p.duckdb('data/a.duckdb', 'DELETE FROM src WHERE id = 1')
  const fourth = await taken(p)
  const inA = await taken(p, '--scope', 'customer=a')
  const { history } = await p.json(KeyHistoryDocument, ['snapshot', 'key', 'm.t', '1'])
  expect(history.map(({ snapshot, what, from }) => [snapshot, what, from])).toEqual([
    [first, 'new', 'archive'],
    [second, 'changed', 'archive'],
    [third, 'unchanged', 'archive'],
    [fourth, 'deleted', 'image'],
    [inA, 'absent', 'image'],
  ])
  expect(history[1]).toMatchObject({
    changes: [
      { column: 'name', old: 'n1', new: 'other' },
      { column: 'price', old: '1.25', new: null },
    ],
    values: { id: '1', name: 'other', big: '9007199254740994', customer: 'a' },
  })
  const out = (await p.ok('snapshot', 'key', 'm.t', '["1"]')).out
  expect(out).toMatch(/^SNAPSHOT +FLOW +TAKEN .* FROM +WHAT +COLUMN +BEFORE +AFTER\n/)
  expect(out).toMatch(new RegExp(`\n${second} +m\\.t +.* archive +changed +name +n1 +other\n +price +1\\.25 +NULL\n`))
  const inScope = await p.json(KeyHistoryDocument, ['snapshot', 'key', 'm.t', '0', '--scope', 'customer=a'])
  expect(inScope.history).toMatchObject([{ snapshot: inA, what: 'new' }])
  expect((await p.ok('snapshot', 'key', 'm.t', '77')).out).toMatch(
    /^No snapshot of m\.t that can be read has a row of the key 77\n/,
  )
  const wrong = await p.cli(['snapshot', 'key', 'm.t', '["1","2"]'])
  expect([wrong.exit, wrong.err]).toEqual([2, expect.stringContaining('the key of m.t is id')])
  // what cannot be read is said, and the rest is told
  rmSync(p.path(fileOf(second)))
  const partly = await p.json(KeyHistoryDocument, ['snapshot', 'key', 'm.t', '1'], 1)
  expect(partly.unread).toMatchObject([{ snapshot: second, error: { code: 'TM6202' } }])
  expect(partly.history).toHaveLength(4)
})

test('archives go to a bucket, by keys that are only referred to', async () => {
  await using server = await S3Server.start()
  const s3 = `s3, bucket: ${BUCKET}, endpoint: "${server.endpoint}", prefix: nightly, access_key: env:S3_KEY, secret_key: "env:S3_SECRET"`
  await using p = await ordersProject({ project: PROJECT.replace('files, path: archive', s3) })
  p.write('.env', `S3_KEY=${ACCOUNT}\nS3_SECRET=${ACCOUNT}\n`)
  const first = await taken(p)
  await change(p, 'other')
  await taken(p)
  expect(await archives(p)).toMatchObject([
    { state: 'archived', location: `${server.endpoint}/${BUCKET}/nightly` },
    { snapshot: first },
  ])
  await p.ok('snapshot', 'validate', '--full')
  await p.ok('snapshot', 'tag', first, 'month=11')
  expect(await p.json(RestoreDocument, ['snapshot', 'restore', first, '--to', 'out.csv'])).toMatchObject({
    from: 'archive',
  })
  expect((await p.ok('connections')).out).toMatch(/inbox +s3 +.*nightly/)
  expect((await p.cli(['doctor'])).out).toContain('a place for archives')
  // neither key is in a file of ours, nor in what is said where they are wrong
  p.write('.env', 'S3_KEY=S3RVER\nS3_SECRET=hidden-word\n')
  const refused = await take(p)
  expect(refused.runs[0]?.remarks[0]?.message).toContain('HTTP 403')
  const texts = Object.keys(p.bytes())
    .filter((file) => file !== '.env' && !file.endsWith('.parquet') && existsSync(p.path(file)))
    .flatMap((file) => {
      try {
        return [readFileSync(p.path(file), 'latin1')]
      } catch {
        return [] // a folder
      }
    })
  expect(texts.filter((text) => text.includes('hidden-word'))).toEqual([])
  expect(JSON.stringify(refused)).not.toContain('hidden-word')
  const gone = await p.cli(['connections'])
  expect(gone.out).toContain('SignatureDoesNotMatch')
})
