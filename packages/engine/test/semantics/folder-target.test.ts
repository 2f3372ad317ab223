/** A folder of Parquet files as a target: new files with the rows it lacks, each batch exactly once. */
import { existsSync, globSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import type { FlowSpec } from '@tidemark/contract/flow'
import type { Hit } from '../../src/runtime/failpoint.ts'
import { rows, TABLE } from '../support/flat.ts'
import { csv, fromInbox, parquet } from '../support/inbox.ts'
import { flowSpec, INBOX, openWorld, type World } from '../support/world.ts'

const TO_FOLDER = { connection: INBOX, table: ['out/orders'], create: 'if_missing', emptied: 'refused' } as const
const flow = flowSpec({
  capture: { kind: 'backfill', options: {} },
  apply: { kind: 'insert-missing', maxDelete: null },
  target: TO_FOLDER,
})
const TEN = { batchRows: 10, workers: 2 }

const files = (w: World): readonly string[] => globSync('**/*.parquet', { cwd: w.inbox }).sort()
const landed = (w: World, columns = 'id, name'): Promise<readonly (readonly (string | null)[])[]> =>
  w.sourceRows(`SELECT ${columns} FROM read_parquet('${w.inbox}/out/orders/*.parquet') ORDER BY 1`)

const dieAt =
  (wanted: string): Hit =>
  (point) => {
    if (point === wanted) throw new Error('cut here')
  }

test('each batch appends one file with the rows that the folder lacks, and nothing comes twice', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(25))
  expect(await w.run(flow, TEN)).toMatchObject({ state: 'succeeded', rows: { read: 25n, inserted: 25n }, batches: 3 })
  expect(files(w)).toHaveLength(3)
  expect(await landed(w)).toEqual(await w.sourceRows('SELECT id, name FROM src ORDER BY 1'))
  expect(await w.run(flow, TEN)).toMatchObject({ state: 'nothing_to_do' })
  await w.source(
    "INSERT INTO src VALUES (99, 'late', TIMESTAMP '2020-01-01')",
    "UPDATE src SET name = 'x' WHERE id = 1",
  )
  expect(await w.run(flow, TEN)).toMatchObject({ rows: { inserted: 1n } })
  expect(files(w)).toHaveLength(4)
  expect((await landed(w)).at(-1)).toEqual(['99', 'late'])
})

test('a watermark over a folder adds what is new, and a full read finds everything there', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(25))
  const byPosition = flowSpec({ apply: flow.apply, target: TO_FOLDER })
  await w.run(byPosition, TEN)
  await w.source("INSERT INTO src VALUES (99, 'late', get_current_timestamp())")
  expect(await w.run(byPosition, TEN)).toMatchObject({ rows: { inserted: 1n } })
  expect(await w.run(byPosition, { ...TEN, full: true })).toMatchObject({ rows: { inserted: 0n, skippedSame: 26n } })
})

test.each(['batch:staged', 'batch:before-commit', 'batch:after-commit', 'batch:recorded', 'settle:before'])(
  'a run into a folder that is cut at %s is resumed: no reader ever saw a file of a batch that was not in',
  async (point) => {
    await using w = await openWorld()
    await w.source(TABLE, rows(25))
    const cut = await w.run(flow, { ...TEN, workers: 1, hit: dieAt(point) })
    expect(cut.state).toBe('failed')
    const seen = files(w).length
    expect(seen).toBe(
      point.startsWith('batch:before') || point === 'batch:staged' ? 0 : point === 'settle:before' ? 3 : 1,
    )
    expect(await w.resume(cut.id, TEN)).toMatchObject({ state: 'succeeded' })
    expect(await landed(w)).toEqual(await w.sourceRows('SELECT id, name FROM src ORDER BY 1'))
    expect(readdirSync(join(w.inbox, '.tidemark/new/out/orders'))).toEqual([])
  },
)

test('after a crash a file that lies beside is moved in where its marker is in, and removed where it is not', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(25))
  const cut = await w.run(flow, { ...TEN, workers: 1, hit: dieAt('batch:after-commit') })
  const [file = ''] = files(w)
  const beside = join(w.inbox, '.tidemark/new/out/orders')
  // as the process leaves it that dies between the commit and the move
  renameSync(join(w.inbox, file), join(beside, `${basename(file, '.parquet')}.new`))
  writeFileSync(join(beside, `${cut.id}-1-77.new`), 'half a file')
  expect(await w.resume(cut.id, TEN)).toMatchObject({ state: 'succeeded', rows: { inserted: 25n } })
  expect(files(w)).toHaveLength(3)
  expect(await landed(w)).toEqual(await w.sourceRows('SELECT id, name FROM src ORDER BY 1'))
  expect(readdirSync(beside)).toEqual([])
})

test('files that somebody else put into the folder count as rows that are there', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(5))
  await parquet(
    w,
    'out/orders/theirs.parquet',
    "SELECT CAST(i AS BIGINT) AS id, 'theirs' AS name, TIMESTAMP '2020-01-01' AS modified_on FROM range(3) t(i)",
  )
  const [id] = await w.sourceRows('SELECT typeof(id) FROM src LIMIT 1')
  expect(id).toEqual(['BIGINT'])
  expect(await w.run(flow, TEN)).toMatchObject({ state: 'succeeded', rows: { inserted: 2n } })
})

test.each<[string, Partial<FlowSpec>, string]>([
  ['latest', { apply: { kind: 'latest', maxDelete: null } }, 'TM4026'],
  ['a tree', { shape: { kind: 'tree', locator: 'id', parent: 'parent', orphans: null } }, 'TM4026'],
  ['a type that Parquet does not hold', { source: { ...flow.source, table: ['odd'] } }, 'TM4025'],
])('what a folder cannot take is refused before anything is written: %s', async (_, over, code) => {
  await using w = await openWorld()
  await w.source(
    TABLE,
    rows(2),
    'ALTER TABLE src ADD COLUMN parent BIGINT',
    'CREATE TABLE odd AS SELECT id, CAST(1 AS HUGEINT) AS h FROM src',
  )
  await expect(w.run({ ...flow, ...over })).rejects.toThrow(expect.objectContaining({ code }))
  expect(existsSync(w.inbox)).toBe(false)
})

test('files that are there get no new columns: insert-missing refuses them, replace brings them', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  await w.run(flow, TEN)
  await w.source("ALTER TABLE src ADD COLUMN note VARCHAR DEFAULT 'x'", 'INSERT INTO src (id) VALUES (99)')
  const adding: FlowSpec = { ...flow, drift: 'add' }
  await expect(w.run(adding, TEN)).rejects.toMatchObject({ code: 'TM4026' })
  expect(files(w)).toHaveLength(1)
  const replacing: FlowSpec = { ...adding, apply: { kind: 'replace', maxDelete: null } }
  expect(await w.run(replacing, { ...TEN, acceptChange: true })).toMatchObject({ state: 'succeeded', error: null })
  expect(await landed(w, 'id, name, note')).toEqual(await w.sourceRows('SELECT id, name, note FROM src ORDER BY 1'))
})

test('CSV files become a folder of Parquet files', async () => {
  await using w = await openWorld()
  await w.source('SELECT 1')
  csv(w, 'in/a.csv', 'id,name', '1,', '2,""', '3,x')
  const through: FlowSpec = { ...fromInbox(['in/*.csv']), target: TO_FOLDER }
  expect(await w.run(through)).toMatchObject({ state: 'succeeded', lane: 'spool', rows: { inserted: 3n } })
  expect(await landed(w)).toEqual([
    ['1', null],
    ['2', ''],
    ['3', 'x'],
  ])
})

test('all types that a folder takes come back as they were', async () => {
  await using w = await openWorld()
  const values = `SELECT 1 AS id, 'a' AS t, '' AS e, CAST(NULL AS VARCHAR) AS n, CAST('123456789012345678901234567890.12345678' AS DECIMAL(38,8)) AS d, -0.0::DOUBLE AS z, 'NaN'::FLOAT AS f,
   TIMESTAMP '2020-01-01 00:00:00.123456' AS ts, TIMESTAMP_NS '2020-01-01 00:00:00.123456789' AS ns, TIMESTAMPTZ '2020-01-01 00:00:00+02' AS tz, TIME '10:11:12.123456' AS tm,
   DATE '-0044-03-15' AS dt, '\\xFF\\x00'::BLOB AS b, uuid() AS u, true AS y, 18446744073709551615::UBIGINT AS ub, [1, NULL] AS l, {'a': 1} AS s, MAP {'k': 1.5} AS m, '{"a":1}'::JSON AS j`
  await w.source(`CREATE TABLE src AS ${values}`)
  expect(await w.run(flow)).toMatchObject({ state: 'succeeded', error: null })
  const all = (from: string) =>
    w.sourceRows(`SELECT to_json([CAST(COLUMNS(*) AS VARCHAR)]), typeof(COLUMNS(*)), signbit(z) FROM ${from}`)
  expect(await all(`read_parquet('${w.inbox}/out/orders/*.parquet')`)).toEqual(await all('src'))
})

test('−0.0 and 0.0 stay apart where few values fill many rows', async () => {
  await using w = await openWorld()
  await w.source(
    "CREATE TABLE src AS SELECT i AS id, CAST(CASE i % 3 WHEN 0 THEN '0.5' WHEN 1 THEN '-0.0' ELSE '0.0' END AS DOUBLE) AS z FROM range(3000) AS r(i)",
  )
  expect(await w.run(flow)).toMatchObject({ state: 'succeeded', error: null })
  const signs = (from: string) => w.sourceRows(`SELECT id, z, signbit(z) FROM ${from} ORDER BY id`)
  expect(await signs(`read_parquet('${w.inbox}/out/orders/*.parquet')`)).toEqual(await signs('src'))
})
