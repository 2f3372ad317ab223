/**
 * PostgreSQL to DuckDB and back, whose batches are files on their way: a process dies by SIGKILL at every failpoint, and the
 * next run goes on, delivers each row once and leaves no file behind.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openDuckdbFile } from '../../src/drivers/duckdb.ts'
import { FAILPOINTS } from '../../src/runtime/failpoint.ts'
import { startApp } from '../support/child-process.ts'
import { LONG, someOf } from '../support/long.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import { VERSIONS } from '../support/postgres-server.ts'
import { TransferProject } from '../support/transfer-project.ts'

const ROWS = 600
const WISH = { batchRows: 100, parallel: 1 }
/** `--long`: the first batch too */
const POINTS = FAILPOINTS.filter((point) => point !== 'settle:swapped' && point !== 'spool:extracted').flatMap(
  (point) => (point.startsWith('batch:') ? [...(LONG ? [point] : []), `${point}:3`] : [point]),
)
const CASES = (['to DuckDB', 'from DuckDB'] as const).flatMap((way, w) =>
  POINTS.map((point, i) => ({ way, point, version: VERSIONS[(i + w) % 2] ?? '18' })),
)

const ROW_TEXTS = (table: string): string => `SELECT id, name, CAST(amount AS VARCHAR) FROM ${table} ORDER BY id`

async function inDuckdb(path: string, mode: 'read' | 'write', text: string): Promise<readonly unknown[]> {
  await using file = await openDuckdbFile(path, mode, { memoryBytes: null, threads: null, tempDir: null })
  using session = await file.session()
  return await session.rows(text.replaceAll('{}', `"${file.catalog}".main`))
}

const values = (table: string): string =>
  `INSERT INTO ${table} SELECT i, CASE WHEN i % 3 = 0 THEN '' WHEN i % 3 = 1 THEN NULL ELSE 'n' || i END, i / 4.0, TIMESTAMP '2026-01-01' + i * INTERVAL '1 second' FROM generate_series(1, ${ROWS}) AS s(i)`
const TABLE = '(id bigint PRIMARY KEY, name varchar, amount numeric(18,4), modified_on timestamp NOT NULL)'

describe.concurrent('crashes between PostgreSQL and DuckDB', () => {
  test.for(someOf(3, CASES))(
    '$way, PostgreSQL $version: dies at $point, and the next run goes on',
    async ({ way, point, version }) => {
      await using postgres = await TestDatabase.create(version)
      const outward = way === 'to DuckDB'
      const [p, d] = [`{ kind: postgres, url: "${postgres.url}" }`, '{ kind: duckdb, path: lake.duckdb }']
      await using project = await TransferProject.open(
        outward ? { a: p, b: d } : { a: d, b: p },
        `      source: { connection: a, table: src }
      target: { connection: b, table: dst }
      key: [id]
      capture: { kind: watermark, position: modified_on, clock: utc, buffer: 0s }
      apply: latest
`,
      )
      const lake = join(project.dir, 'lake.duckdb')
      if (outward) await postgres.exec(`CREATE TABLE src ${TABLE}`, values('src'))
      else {
        await inDuckdb(lake, 'write', `CREATE TABLE {}.src ${TABLE}`)
        await inDuckdb(lake, 'write', values('{}.src'))
      }
      {
        const order = { task: 'run', run: null, wish: WISH, at: point, signal: 'SIGKILL' } as const
        await using child = startApp({ dir: project.dir, ...order }, {})
        const ended = await child.ended
        expect(ended, `${ended.stdout}${ended.stderr}`).toMatchObject({ signal: 'SIGKILL' })
      }
      const [run] = (await project.runAll(WISH)).runs
      expect(run, JSON.stringify(run?.error)).toMatchObject(
        point === 'settle:after'
          ? { status: 'nothing_to_do' }
          : { status: 'succeeded', lane: 'spool', rows: { inserted: ROWS, updated: 0 } },
      )
      const [fromPostgres, fromDuckdb] = [
        await postgres.rows(ROW_TEXTS(outward ? 'src' : 'dst')),
        await inDuckdb(lake, 'read', ROW_TEXTS(outward ? '{}.dst' : '{}.src')),
      ]
      expect(fromPostgres).toHaveLength(ROWS)
      expect(fromDuckdb).toEqual(fromPostgres)
      expect(await project.run(WISH)).toMatchObject({ status: 'nothing_to_do' })
      expect(readdirSync(join(project.dir, '.tidemark', 'tmp')).filter((name) => name.startsWith('r-'))).toEqual([])
    },
  )
})
