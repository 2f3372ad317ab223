/** A process dies by SIGKILL between settle and archive, and in the midst of writing one: no half file is taken for whole. */
import { readdirSync } from 'node:fs'
import { ArchivesDocument, ValidateDocument } from '@tidemark/contract/archive-documents'
import { SnapshotsDocument, SnapshotTakeDocument } from '@tidemark/contract/snapshot-documents'
import { describe, expect, test } from 'vitest'
import { ARCHIVE_FAILPOINTS } from '../../src/runtime/failpoint.ts'
import { emptyProject, type Project } from '../e2e/project.ts'
import { someOf } from '../support/long.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import { ACCOUNT, BUCKET, S3Server } from '../support/s3-server.ts'

const FLOW = `module: m
tasks:
  - id: t
    flow:
      source: { connection: a, table: src }
      target: { connection: b, table: dst }
      key: [id]
      capture: { kind: snapshot, keep: 1, archive: { connection: depot } }
`

/** Where archives go: the options of the connection, and what goes when the test ends. */
const PLACES: Readonly<Record<string, () => Promise<{ readonly options: string } & AsyncDisposable>>> = {
  'a folder': () =>
    Promise.resolve({ options: 'kind: files, path: archive', [Symbol.asyncDispose]: () => Promise.resolve() }),
  'a bucket': async () => {
    const server = await S3Server.start()
    const options = `kind: s3, bucket: ${BUCKET}, endpoint: "${server.endpoint}", access_key: env:S3_KEY, secret_key: env:S3_KEY`
    return { options, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
  },
  'a database': async () => {
    const db = await TestDatabase.create('15')
    return { options: `kind: postgres, url: "${db.url}"`, [Symbol.asyncDispose]: () => db[Symbol.asyncDispose]() }
  },
}

async function takenOnce(options: string): Promise<Project> {
  const p = emptyProject({
    'tidemark.yaml': `project: test\nconnections:\n  a: { kind: duckdb, path: data/a.duckdb }\n  b: { kind: duckdb, path: data/b.duckdb }\n  depot: { ${options} }\n`,
    'modules/m.yaml': FLOW,
    '.env': `S3_KEY=${ACCOUNT}\n`,
  })
  await p.duckdb('data/a.duckdb', "CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(12) t(i)")
  await p.ok('snapshot', 'take', 'm.t', '--deploy')
  await p.duckdb('data/a.duckdb', "UPDATE src SET name = 'other' WHERE id = 1")
  return p
}

async function died(p: Project, point: string, ...argv: readonly string[]): Promise<void> {
  expect(await p.child(argv, { TIDEMARK_FAILPOINT: point }).ended).toMatchObject({ signal: 'SIGKILL' })
}

const states = async (p: Project): Promise<readonly string[]> =>
  (await p.json(ArchivesDocument, ['snapshot', 'archive'])).archives.map(({ state }) => state)

/** So many archives, every byte and row of which is what it was. */
async function expectSound(p: Project, n: number): Promise<void> {
  const { archives } = await p.json(ValidateDocument, ['snapshot', 'validate', '--full'])
  expect(archives.map(({ sound, problems }) => [sound, problems])).toEqual(Array.from({ length: n }, () => [true, []]))
  const { snapshots } = await p.json(SnapshotsDocument, ['snapshot', 'list'])
  expect(snapshots).toMatchObject([{ status: 'current', archive: 'archived' }])
  expect(readdirSync(p.path('.tidemark/snapshots/m.t'))).toEqual([`${snapshots[0]?.snapshot}.parquet`])
  expect(readdirSync(p.path('.tidemark/tmp'))).toEqual([])
}

/** between settle and archive, too */
const POINTS = ['settle:after', 'snapshot:kept', ...ARCHIVE_FAILPOINTS]

describe.concurrent.each([...Object.keys(PLACES).entries()])('crashes of an archive (%i): %s', (nth, place) => {
  test.for(someOf(2, POINTS, nth))(
    'dies at %s after it settled: what is pending is archived by the next run',
    async (point) => {
      await using there = await (PLACES[place] as (typeof PLACES)[string])()
      await using p = await takenOnce(there.options)
      await died(p, point, 'run', 'm.t')
      expect(await states(p)).toEqual([point === 'archive:stored' ? 'archived' : 'pending', 'archived'])
      // the rows are in, whatever became of the archive
      expect(await p.rows('data/b.duckdb', "SELECT count(*) FROM dst WHERE name = 'other'")).toEqual([['1']])
      const next = await p.json(SnapshotTakeDocument, ['snapshot', 'take', 'm.t'])
      expect(next.runs).toMatchObject([{ status: 'nothing_to_do', remarks: [] }])
      await expectSound(p, 3)
    },
  )

  test.for(someOf(3, ARCHIVE_FAILPOINTS, nth))(
    'a retry dies at %s, and the next retry archives what is pending',
    async (point) => {
      await using there = await (PLACES[place] as (typeof PLACES)[string])()
      await using p = await takenOnce(there.options)
      await died(p, 'snapshot:kept', 'run', 'm.t')
      await died(p, point, 'snapshot', 'archive', '--retry')
      expect(await states(p)).toEqual([point === 'archive:stored' ? 'archived' : 'pending', 'archived'])
      await p.ok('snapshot', 'archive', '--retry')
      expect(await states(p)).toEqual(['archived', 'archived'])
      await p.ok('snapshot', 'validate', '--full')
      await p.ok('run', 'm.t')
      await expectSound(p, 3)
    },
  )
})
