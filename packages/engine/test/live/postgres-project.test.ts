/** The command line with PostgreSQL at both ends. */
import { describe, expect, test } from 'vitest'
import { emptyProject, FLOW_YAML } from '../e2e/project.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import { VERSIONS } from '../support/postgres-server.ts'

const PROJECT = `project: test
control: sqlite:.tidemark/control.db
connections:
  a: { kind: postgres, url: env:DB_URL, schema: office }
  b: { kind: postgres, url: env:DB_URL, schema: lake }
`

describe.each(VERSIONS)('a project over PostgreSQL %s', (version) => {
  test('prepares a target, plans, counts in a dry run, runs, and says how it stands', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(
      'CREATE SCHEMA office',
      'CREATE SCHEMA lake',
      'CREATE TABLE office.src (id bigint PRIMARY KEY, name text, modified_on timestamp)',
      "INSERT INTO office.src SELECT i, 'n' || i, timestamp '2020-01-01' FROM generate_series(1, 5) AS t(i)",
    )
    await using p = emptyProject()
    p.write('tidemark.yaml', PROJECT)
    p.write('modules/m.yaml', FLOW_YAML)
    p.write('.env', `DB_URL=${db.url}\n`)
    await p.ok('deploy')
    await p.ok('prepare', 'b', '--yes')
    expect(
      (
        await db.rows(
          "SELECT relname FROM pg_class WHERE relnamespace = 'tidemark'::regnamespace AND relkind = 'r' ORDER BY 1",
        )
      ).flat(),
    ).toEqual(['fence', 'marker', 'marker_reject', 'settled'])
    const planned = await p.ok('plan', 'm.t')
    expect(planned.out).toContain('pushdown')
    const dry = await p.ok('run', 'm.t', '--dry-run', '--json')
    expect(JSON.parse(dry.out)).toMatchObject({ runs: [{ rows: { inserted: 5 } }] })
    expect(await db.rows("SELECT to_regclass('lake.dst')")).toEqual([[null]])
    const ran = await p.ok('run', 'm.t', '--json')
    expect(JSON.parse(ran.out)).toMatchObject({
      runs: [{ status: 'succeeded', lane: 'pushdown', rows: { inserted: 5 } }],
    })
    expect(await db.rows('SELECT count(*) FROM lake.dst')).toEqual([['5']])
    await p.ok('status')
  })
})
