/** What an upsert from another database must not trip over, and a target that is older than its ledger. */
import { describe, expect, test } from 'vitest'
import { LONG_VERSIONS } from '../support/long.ts'
import type { Version } from '../support/postgres-server.ts'
import { PostgresSession } from '../../src/drivers/postgres.ts'
import { optionsOf } from '../support/postgres-database.ts'
import { ProcessProject, type Ways } from '../support/process-project.ts'
import { errorOf } from '../support/sleeper.ts'

const TABLE = 'CREATE TABLE office.src (id bigint PRIMARY KEY, code text, modified_on timestamptz NOT NULL)'
const CASES = LONG_VERSIONS.flatMap((version) => (['relay', 'pushdown'] as const).map((ways) => ({ version, ways })))

const opened = async (version: Version, ways: Ways): Promise<ProcessProject> => {
  const p = await ProcessProject.open({ ways, version, lease: '60s' })
  await p.a.exec(TABLE, "INSERT INTO office.src SELECT i, 'c' || i, now() FROM generate_series(1, 50) AS s(i)")
  return p
}

/** A dump as good as any other: the database as it is now, under another name. */
async function copyOf(p: ProcessProject, from: string, to: string): Promise<void> {
  await using admin = await PostgresSession.connect(optionsOf(p.b.options.port, 'postgres'))
  await admin.run(`DROP DATABASE IF EXISTS ${to} WITH (FORCE)`)
  await admin.rows('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [from])
  await admin.run(`CREATE DATABASE ${to} TEMPLATE ${from}`)
}

describe('upserts over PostgreSQL', () => {
  test.for(CASES)(
    'two unique values swapped in one batch land by $ways on PostgreSQL $version',
    async ({ version, ways }) => {
      await using p = await opened(version, ways)
      await p.b.exec(
        'CREATE TABLE lake.dst (id bigint PRIMARY KEY, code text UNIQUE, modified_on timestamptz NOT NULL)',
      )
      expect(await p.run()).toMatchObject({ status: 'succeeded', rows: { inserted: 50 } })
      await p.a.exec(
        "UPDATE office.src SET code = CASE id WHEN 1 THEN 'c2' WHEN 2 THEN 'c1' ELSE 'c' || (id % 3 + 3) END, modified_on = now() WHERE id < 6",
      )
      expect(await p.run()).toMatchObject({ error: null, status: 'succeeded', rows: { updated: 5 } })
      expect(await p.differences()).toEqual([])
    },
  )
})

test.for(LONG_VERSIONS)(
  'a target restored from a dump behind the ledger stops the run, says how to repair it, and is repaired: PostgreSQL %s',
  async (version) => {
    await using p = await opened(version, 'relay')
    const name = p.b.options.database
    const dump = `${name}_dump`
    const change = (to: string): Promise<void> =>
      p.a.exec(`UPDATE office.src SET code = code || '${to}', modified_on = clock_timestamp() WHERE id % 5 = 0`)
    expect(await p.run()).toMatchObject({ status: 'succeeded' })
    try {
      await copyOf(p, name, dump)
      await change('x')
      expect(await p.run()).toMatchObject({ status: 'succeeded', rows: { updated: 10 } })
      for (const repair of ['--full', 'rewind'] as const) {
        await copyOf(p, dump, name)
        await change('y')
        const error = await errorOf(p.run())
        expect(error).toMatchObject({ code: 'TM3007' })
        const { message, remedy } = error as { readonly message: string; readonly remedy: readonly string[] }
        expect(message).toContain('the target was restored')
        const to = /rewind m\.t --to '([^']+)'/.exec(remedy.join('\n'))?.[1] ?? ''
        expect(remedy.join('\n')).toContain('tidemark run m.t --full')
        expect(to).not.toBe('')
        if (repair === '--full') expect(await p.run({ full: true })).toMatchObject({ error: null, status: 'succeeded' })
        else {
          await p.app.rewind({ flow: 'm.t', scope: {}, to, reason: 'restored' })
          expect(await p.run()).toMatchObject({ error: null, status: 'succeeded', rows: { updated: 10 } })
        }
        expect(await p.differences()).toEqual([])
        expect(await p.run()).toMatchObject({ status: 'nothing_to_do' })
      }
    } finally {
      await using admin = await PostgresSession.connect(optionsOf(p.b.options.port, 'postgres'))
      await admin.run(`DROP DATABASE IF EXISTS ${dump} WITH (FORCE)`)
    }
  },
)
