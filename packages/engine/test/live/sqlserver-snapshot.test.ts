/** Snapshots of SQL Server tables into a DuckDB file, on the server that TIDEMARK_TEST_SQLSERVER names. */
import { readdirSync } from 'node:fs'
import { SnapshotDiffDocument, SnapshotsDocument, SnapshotTakeDocument } from '@tidemark/contract/snapshot-documents'
import { describe, expect, test } from 'vitest'
import { emptyProject, type Project } from '../e2e/project.ts'
import { SqlServerDatabase } from '../support/sqlserver-database.ts'
import { TEST_SERVER } from '../support/sqlserver-server.ts'

const TABLE = `CREATE TABLE src (id bigint NOT NULL, customer nvarchar(20) NULL, a nvarchar(max) NULL, b decimal(38,10) NULL, c float NULL,
  d varbinary(max) NULL, e uniqueidentifier NULL, f datetime2(6) NULL, g bit NULL)`
const row = (id: number, customer: string): string =>
  `INSERT INTO src VALUES (${id}, N'${customer}', N'a', 1234567890123456789012345678.0123456789, 0.0, 0x00ff, '00000000-0000-0000-0000-00000000000a', '2026-01-01 00:00:00.123456', 1)`

function projectOf(db: SqlServerDatabase, more = ''): Project {
  return emptyProject({
    'tidemark.yaml': `project: test
connections:
  a: { kind: sqlserver, url: env:OFFICE_URL, database: ${db.name} }
  b: { kind: duckdb, path: data/b.duckdb }
`,
    '.env': `OFFICE_URL=${TEST_SERVER}\n`,
    'modules/m.yaml': `module: m
tasks:
  - id: t
    flow:
      source: { connection: a, table: src }
      target: { connection: b, table: dst }
      key: [id]
      capture: snapshot
      scope: { customer: customer }
${more}`,
  })
}

const take = async (p: Project, ...options: readonly string[]) =>
  p.json(SnapshotTakeDocument, ['snapshot', 'take', 'm.t', '--deploy', ...options])

describe.skipIf(TEST_SERVER === null)('snapshots of SQL Server', { timeout: 300_000 }, () => {
  test('a table is compared with what it was, exactly, and the difference is delivered', async () => {
    await using db = await SqlServerDatabase.create()
    await db.exec(TABLE, ...[1, 2, 3, 4].map((id) => row(id, id < 3 ? 'x' : 'y')))
    await using p = projectOf(db)
    expect((await take(p)).runs).toMatchObject([{ status: 'succeeded', lane: 'spool', rows: { inserted: 4 } }])
    await db.exec(
      "UPDATE src SET d = 0x00fe, f = '2026-01-01 00:00:00.123457' WHERE id = 1",
      "UPDATE src SET b = b + CAST('0.0000000001' AS decimal(38,10)), a = N'a ' WHERE id = 2",
      'DELETE FROM src WHERE id = 4',
      row(5, 'y'),
    )
    // all rows by one statement, without bounds
    expect((await p.ok('plan', 'm.t', '--sql')).out).not.toContain(':1')
    const taken = await take(p)
    expect(taken.snapshots).toMatchObject([{ difference: { new: 1, changed: 2, deleted: 1, unchanged: 1 } }])
    expect(taken.runs).toMatchObject([{ rows: { read: 3, inserted: 1, updated: 2 } }])
    const { changed } = await p.json(SnapshotDiffDocument, ['snapshot', 'diff', 'm.t'])
    expect(changed.map(({ key, values }) => [key, values.map(({ column }) => column)])).toEqual([
      [['1'], ['d', 'f']],
      [['2'], ['a', 'b']],
    ])
    expect((await take(p)).runs).toMatchObject([{ status: 'nothing_to_do' }])
  })

  test('scopes of a table have snapshots of their own', async () => {
    await using db = await SqlServerDatabase.create()
    await db.exec(TABLE, ...[1, 2, 3].map((id) => row(id, id < 3 ? 'x' : 'y')))
    await using p = projectOf(db)
    expect((await take(p, '--scope', 'customer=x')).snapshots).toMatchObject([{ rows: 2 }])
    expect((await take(p, '--scope', 'customer=y')).snapshots).toMatchObject([{ rows: 1 }])
    await db.exec("UPDATE src SET customer = N'y' WHERE id = 2")
    expect((await take(p, '--scope', 'customer=y')).snapshots).toMatchObject([{ difference: { new: 1, unchanged: 1 } }])
    expect((await take(p, '--scope', 'customer=x')).snapshots).toMatchObject([
      { difference: { deleted: 1, unchanged: 1 } },
    ])
  })

  test('one that dies goes on with what it had taken out, and rows that are gone are deleted under the brake', async () => {
    await using db = await SqlServerDatabase.create()
    await db.exec(TABLE, ...[1, 2, 3, 4, 5].map((id) => row(id, 'x')))
    await using p = projectOf(db, '      apply: { kind: live, max_delete: 50% }\n      batch: { rows: 2 }\n')
    await p.ok('run', 'm.t', '--deploy')
    for (const [i, point] of ['snapshot:image', 'batch:after-commit', 'settle:before'].entries()) {
      await db.exec(`UPDATE src SET a = N'${point}'`, `DELETE FROM src WHERE id = ${i + 1}`)
      const child = p.child(['run', 'm.t', '--parallel', '1'], { TIDEMARK_FAILPOINT: point })
      expect(await child.ended).toMatchObject({ signal: 'SIGKILL' })
      expect((await take(p)).runs.map(({ status }) => status)).toEqual(['succeeded', 'nothing_to_do'])
      expect(await p.rows('data/b.duckdb', 'SELECT DISTINCT a, count(*) OVER () FROM dst')).toEqual([
        [point, String(4 - i)],
      ])
    }
    expect((await p.json(SnapshotsDocument, ['snapshot', 'list'])).snapshots).toHaveLength(2)
    expect(readdirSync(p.path('.tidemark/snapshots/m.t'))).toHaveLength(2)
  })

  test('a key that is there twice ends a snapshot before anything is kept', async () => {
    await using db = await SqlServerDatabase.create()
    await db.exec(TABLE, row(1, 'x'), row(1, 'y'))
    await using p = projectOf(db)
    const twice = await p.cli(['run', 'm.t', '--deploy'])
    expect([twice.exit, twice.err]).toEqual([1, expect.stringContaining('TM4005')])
    expect((await p.json(SnapshotsDocument, ['snapshot', 'list'])).snapshots).toEqual([])
  })
})
