/** Snapshots of PostgreSQL tables, taken into a DuckDB file by one statement. */
import { existsSync, readdirSync } from 'node:fs'
import { SnapshotDiffDocument, SnapshotsDocument, SnapshotTakeDocument } from '@tidemark/contract/snapshot-documents'
import { describe, expect, test } from 'vitest'
import { emptyProject, type Project } from '../e2e/project.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import { LONG_VERSIONS } from '../support/long.ts'

const TABLE = `CREATE TABLE src (id bigint, customer text, a text, b numeric(38,10), c double precision, d bytea,
  e interval, f timestamptz, g jsonb)`
const ROW = (id: number, customer: string) =>
  `INSERT INTO src VALUES (${id}, '${customer}', 'a', 1234567890123456789012345678.0123456789, 0.0, '\\x00ff', '30 days', '2026-01-01 00:00:00.123456+00', '{"n": 1}')`

async function projectOf(db: TestDatabase, more = ''): Promise<Project> {
  const p = emptyProject()
  p.write(
    'tidemark.yaml',
    `project: test\nconnections:\n  a: { kind: postgres, url: "${db.url}" }\n  b: { kind: duckdb, path: data/b.duckdb }\n`,
  )
  p.write(
    'modules/m.yaml',
    `module: m
tasks:
  - id: t
    flow:
      source: { connection: a, table: src }
      target: { connection: b, table: dst }
      key: [id]
      capture: snapshot
      columns: { exclude: [e] }
      scope: { customer: customer }
${more}`,
  )
  return p
}

const take = async (p: Project, ...options: readonly string[]) =>
  p.json(SnapshotTakeDocument, ['snapshot', 'take', 'm.t', '--deploy', ...options])

describe.each(LONG_VERSIONS)('snapshots of PostgreSQL %s', (version) => {
  test('a table of PostgreSQL is compared with what it was, exactly, and the difference is delivered', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(TABLE)
    await using p = await projectOf(db)
    expect((await take(p)).snapshots).toMatchObject([{ rows: 0, difference: { new: 0 } }])
    await db.exec(...[1, 2, 3, 4].map((id) => ROW(id, id < 3 ? 'x' : 'y')))
    expect((await take(p)).runs).toMatchObject([{ status: 'succeeded', lane: 'spool', rows: { inserted: 4 } }])
    await db.exec(
      "UPDATE src SET c = '-0' WHERE id = 1",
      "UPDATE src SET b = b + 0.0000000001, a = '' WHERE id = 2",
      'DELETE FROM src WHERE id = 4',
      ROW(5, 'y'),
    )
    const taken = await take(p)
    expect(taken.snapshots).toMatchObject([{ difference: { new: 1, changed: 2, deleted: 1, unchanged: 1 } }])
    expect(taken.runs).toMatchObject([{ rows: { read: 3, inserted: 1, updated: 2 } }])
    expect((await p.json(SnapshotDiffDocument, ['snapshot', 'diff', 'm.t'])).changed).toEqual([
      { key: ['1'], values: [{ column: 'c', old: '0', new: '-0' }] },
      {
        key: ['2'],
        values: [
          { column: 'a', old: 'a', new: '' },
          {
            column: 'b',
            old: '1234567890123456789012345678.0123456789',
            new: '1234567890123456789012345678.012345679',
          },
        ],
      },
    ])
    expect((await take(p)).runs).toMatchObject([{ status: 'nothing_to_do' }])
    expect(existsSync(p.path('.tidemark/tmp')) ? readdirSync(p.path('.tidemark/tmp')) : []).toEqual([])
    expect(readdirSync(p.path('.tidemark/snapshots/m.t')).every((name) => name.endsWith('.parquet'))).toBe(true)
  })

  test('the extraction from PostgreSQL is one consistent state while writers write', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(
      'CREATE TABLE src (id bigint PRIMARY KEY, customer text, e int, amount bigint)',
      "INSERT INTO src SELECT i, 'x', 0, 1000 FROM generate_series(1, 40000) AS s(i)",
    )
    await using p = await projectOf(db)
    const sent = { over: false, transfers: 0 }
    const writing = (async () => {
      for (let from = 1; !sent.over; from = (from % 20_000) + 1) {
        await db.exec(
          `BEGIN; UPDATE src SET amount = amount - 7 WHERE id = ${from}; UPDATE src SET amount = amount + 7 WHERE id = ${40_001 - from}; COMMIT`,
        )
        sent.transfers += 1
      }
    })()
    const changed: unknown[] = []
    try {
      for (let i = 0; i < 3; i += 1) {
        const before = sent.transfers
        const { snapshots } = await take(p)
        expect(sent.transfers).toBeGreaterThan(before)
        changed.push(snapshots[0]?.difference?.changed)
        expect(await p.rows('data/b.duckdb', 'SELECT sum(amount) FROM dst')).toEqual([['40000000']])
      }
    } finally {
      sent.over = true
      await writing
    }
    expect(changed.at(-1)).toBeGreaterThan(0)
  })

  test('scopes of a PostgreSQL table have snapshots of their own', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(TABLE, ...[1, 2, 3].map((id) => ROW(id, id < 3 ? 'x' : 'y')))
    await using p = await projectOf(db)
    expect((await take(p, '--scope', 'customer=x')).snapshots).toMatchObject([{ rows: 2 }])
    expect((await take(p, '--scope', 'customer=y')).snapshots).toMatchObject([{ rows: 1 }])
    await db.exec("UPDATE src SET customer = 'y' WHERE id = 2")
    expect((await take(p, '--scope', 'customer=y')).snapshots).toMatchObject([{ difference: { new: 1, unchanged: 1 } }])
    expect((await take(p, '--scope', 'customer=x')).snapshots).toMatchObject([
      { difference: { deleted: 1, unchanged: 1 } },
    ])
  })

  test('a snapshot of PostgreSQL that dies goes on with what it had taken out', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(TABLE, ...[1, 2, 3, 4, 5].map((id) => ROW(id, 'x')))
    await using p = await projectOf(db, '      batch: { rows: 2 }\n')
    await p.ok('deploy')
    for (const point of ['snapshot:image', 'snapshot:built', 'batch:after-commit', 'settle:before']) {
      await db.exec(`UPDATE src SET a = '${point}'`)
      const child = p.child(['run', 'm.t', '--parallel', '1'], { TIDEMARK_FAILPOINT: point })
      expect(await child.ended).toMatchObject({ signal: 'SIGKILL' })
      const next = await take(p)
      expect(next.runs.map(({ status }) => status)).toEqual(['succeeded', 'nothing_to_do'])
      expect(await p.rows('data/b.duckdb', 'SELECT DISTINCT a, count(*) OVER () FROM dst')).toEqual([[point, '5']])
    }
    expect((await p.json(SnapshotsDocument, ['snapshot', 'list'])).snapshots).toHaveLength(2)
    expect(readdirSync(p.path('.tidemark/snapshots/m.t'))).toHaveLength(2)
  })

  test('a key that is there twice, or is NULL, ends a snapshot of PostgreSQL before anything is kept', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(TABLE, ROW(1, 'x'), ROW(1, 'y'))
    await using p = await projectOf(db)
    const twice = await p.cli(['run', 'm.t', '--deploy'])
    expect([twice.exit, twice.err]).toEqual([1, expect.stringContaining('TM4005')])
    expect((await p.json(SnapshotsDocument, ['snapshot', 'list'])).snapshots).toEqual([])
    expect(readdirSync(p.path('.tidemark/snapshots/m.t'))).toEqual([])
  })
})
