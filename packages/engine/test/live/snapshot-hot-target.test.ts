/** `hot: target` where the target is a server: it may be gone when a run has settled, keys are long, and somebody else makes tables. */
import { rmSync } from 'node:fs'
import { PlanDocument, RunDocument } from '@tidemark/contract/api'
import type { EngineEvents } from '@tidemark/contract/events'
import { describe, expect, test } from 'vitest'
import { newShortId } from '../../src/runtime/new-id.ts'
import { emptyProject, type Project } from '../e2e/project.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import type { Version } from '../support/postgres-server.ts'
import { snapshotEnds } from '../support/snapshot-ends.ts'
import { openSnapshotWorld, snapshotFlow } from '../support/snapshot-world.ts'
import { openWorldsWith } from '../support/world-ends.ts'

const flow = snapshotFlow({ hot: 'target' })
const ENDS_WRITERS =
  "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'tidemark target'"
const STATES = 'SELECT id, state FROM tidemark.snapshot ORDER BY number'

describe.each<Version>(['15', '18'])('PostgreSQL %s', (version) => {
  test('a server that is gone when the run has settled is a remark, and the next run makes up for it', async () => {
    openWorldsWith(() => snapshotEnds('duckdb', version))
    await using s = await openSnapshotWorld()
    await s.w.source("CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(5) t(i)")
    await s.take(flow)
    await s.w.source("UPDATE src SET name = 'x' WHERE id = 1")
    const remarks: string[] = []
    const run = await s.run(flow, {
      hit: async (point) => {
        if (point === 'snapshot:kept') await s.w.targetRows(ENDS_WRITERS)
      },
      emit: (event, fields) => {
        if (event === 'run:remarked') remarks.push((fields as EngineEvents['run:remarked']).message)
      },
    })
    expect(run).toMatchObject({ state: 'succeeded', rows: { updated: 1n } })
    expect(remarks).toEqual([expect.stringMatching(/^TM6208 .*s-.{8} of m\.t: /)])
    expect((await s.w.targetRows(STATES)).map(([, state]) => state)).toEqual(['kept', 'building'])
    expect(await s.run(flow)).toMatchObject({ state: 'nothing_to_do' })
    expect(await s.w.targetRows(STATES)).toEqual((await s.snapshots()).map(({ id }) => [id, 'kept']))
  })

  test('a key longer than a page of an index is kept, and comes back', async () => {
    openWorldsWith(() => snapshotEnds('duckdb', version))
    await using s = await openSnapshotWorld()
    const report = snapshotFlow({ hot: 'target' }, { apply: { kind: 'none', maxDelete: null } })
    await s.w.source("CREATE TABLE src AS SELECT repeat('ключ ' || i, 4000) AS id, i AS n FROM range(3) t(i)")
    expect(await s.take(report)).toEqual([3, 0, 0, 0])
    rmSync(s.folder, { recursive: true })
    await s.w.source('UPDATE src SET n = 9 WHERE n = 1')
    expect(await s.take(report)).toEqual([0, 1, 0, 2])
  })
})

function projectInto(target: string): Project {
  const p = emptyProject()
  p.write(
    'tidemark.yaml',
    `project: test
connections:
  a: { kind: duckdb, path: data/a.duckdb }
  b: ${target}
`,
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
      capture: { kind: snapshot, hot: target }
      apply: live
`,
  )
  return p
}

const SOURCE = "CREATE TABLE src AS SELECT i AS id, 'n' || i AS name FROM range(20) t(i)"

test.each(['duckdb', 'postgres'])(
  'a dry run into %s whose hot side is lost compares with what the target has, and leaves it lost',
  async (kind) => {
    await using db = await TestDatabase.create('18')
    await using p = projectInto(
      kind === 'duckdb' ? '{ kind: duckdb, path: data/b.duckdb }' : `{ kind: postgres, url: "${db.url}" }`,
    )
    await p.duckdb('data/a.duckdb', SOURCE)
    expect((await p.json(RunDocument, ['run', 'm.t', '--dry-run', '--deploy'])).runs[0]?.rows).toMatchObject({
      inserted: 20,
    })
    await p.ok('run', 'm.t')
    await p.duckdb('data/a.duckdb', "UPDATE src SET name = 'x' WHERE id < 3", 'DELETE FROM src WHERE id = 9')
    rmSync(p.path('.tidemark/snapshots'), { recursive: true })
    const weighed = (await p.json(RunDocument, ['run', 'm.t', '--dry-run'])).runs[0]
    expect(weighed?.rows).toMatchObject({ updated: 3, deleted: 1, inserted: 0 })
    const { runs } = await p.json(RunDocument, ['run', 'm.t'])
    expect(runs[0]?.rows).toEqual(weighed?.rows)
  },
)

test('who may not make tables runs with those that a DBA made of what plan --sql prints', async () => {
  const role = `r_${newShortId(6)}`
  await using db = await TestDatabase.create('18')
  await using p = projectInto(`{ kind: postgres, url: "${db.url.replace('postgres@', `${role}@`)}" }`)
  await p.duckdb('data/a.duckdb', SOURCE)
  await p.ok('deploy')
  await db.exec(
    `CREATE ROLE ${role} LOGIN`,
    'CREATE TABLE dst (id bigint PRIMARY KEY, name text)',
    `GRANT ALL ON dst TO ${role}`,
  )
  try {
    const { sql } = await p.json(PlanDocument, ['plan', 'm.t', '--sql']).then(({ plans }) => plans[0] ?? { sql: [] })
    const made = sql.filter(({ name, text }) => name === 'hot side in the target' && text.startsWith('CREATE '))
    expect(made).toHaveLength(4)
    await db.exec(
      ...(await p.ok('prepare', 'b', '--print-sql')).out.split(';\n').filter((text) => text.trim() !== ''),
      `GRANT USAGE ON SCHEMA tidemark, tidemark_work TO ${role}`,
      `GRANT ALL ON ALL TABLES IN SCHEMA tidemark, public TO ${role}`,
    )
    const refused = await p.cli(['run', 'm.t'])
    expect([refused.exit, refused.err]).toEqual([1, expect.stringContaining('permission denied for schema tidemark')])
    await db.exec(...made.map(({ text }) => text), `GRANT ALL ON ALL TABLES IN SCHEMA tidemark TO ${role}`)
    // the one that was refused goes on, and is followed by one of its own
    const { runs } = await p.json(RunDocument, ['run', 'm.t'])
    expect(runs.map(({ status }) => status)).toEqual(['succeeded', 'nothing_to_do'])
    expect((await db.rows(STATES)).map(([, state]) => state)).toEqual(['kept', 'kept'])
  } finally {
    await db.exec(`DROP OWNED BY ${role}`, `DROP ROLE ${role}`)
  }
})
