/** PostgreSQL to PostgreSQL: two databases, bytes passed from COPY to COPY. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { EngineEvents } from '@tidemark/contract/events'
import { describe, expect, test } from 'vitest'
import { TestDatabase } from '../support/postgres-database.ts'
import { LONG_VERSIONS } from '../support/long.ts'
import type { Version } from '../support/postgres-server.ts'
import { TransferProject } from '../support/transfer-project.ts'

const FLOW = (more = '', apply = 'latest'): string => `      source: { connection: a, table: orders }
      target: { connection: b, table: orders }
      key: [id]
      capture: { kind: watermark, position: modified_on, buffer: 0s }
      apply: ${apply}
${more}`

const TABLE = 'CREATE TABLE orders (id bigint PRIMARY KEY, name text, modified_on timestamptz NOT NULL)'
const ROWS = (n: number): string =>
  `INSERT INTO orders SELECT i, 'n' || i, timestamptz '2026-01-01' + i * interval '1 second' FROM generate_series(1, ${n}) AS s(i); ANALYZE orders`
const ALL = 'SELECT id, name, modified_on FROM orders ORDER BY id'

async function twoDatabases(version: Version) {
  const [a, b] = [await TestDatabase.create(version), await TestDatabase.create(version)]
  const urls = { a: `{ kind: postgres, url: "${a.url}" }`, b: `{ kind: postgres, url: "${b.url}" }` }
  return {
    a,
    b,
    urls,
    [Symbol.asyncDispose]: async () => {
      await a[Symbol.asyncDispose]()
      await b[Symbol.asyncDispose]()
    },
  }
}

describe.each(LONG_VERSIONS)('relay on PostgreSQL %s', (version) => {
  test('a first load and its changes arrive', async () => {
    await using w = await twoDatabases(version)
    await w.a.exec(TABLE, ROWS(1_000))
    await using project = await TransferProject.open(w.urls, FLOW())
    expect(await project.plan()).toMatchObject({ lane: 'relay', rows: 1_000 })
    const first = await project.run({ batchRows: 100 })
    expect(first).toMatchObject({ status: 'succeeded', lane: 'relay', rows: { read: 1_000, inserted: 1_000 } })
    expect(first.batches).toBeGreaterThan(1)
    expect(await w.b.rows(ALL)).toEqual(await w.a.rows(ALL))
    await w.a.exec(
      "UPDATE orders SET name = 'new', modified_on = clock_timestamp() WHERE id % 10 = 0",
      "INSERT INTO orders VALUES (5000, 'late', clock_timestamp())",
    )
    expect(await project.run()).toMatchObject({ status: 'succeeded', rows: { read: 101, inserted: 1, updated: 100 } })
    expect(await w.b.rows(ALL)).toEqual(await w.a.rows(ALL))
    expect(await project.run()).toMatchObject({ status: 'nothing_to_do' })
  })

  test('a table without an index on the position is read by its pages, each once', async () => {
    await using w = await twoDatabases(version)
    await w.a.exec(TABLE, ROWS(20_000))
    await using project = await TransferProject.open(w.urls, FLOW())
    await project.run()
    await w.a.exec("UPDATE orders SET name = 'new', modified_on = clock_timestamp() WHERE id % 7 = 0")
    expect(await project.run({ batchRows: 500 })).toMatchObject({ status: 'succeeded', rows: { updated: 2857 } })
    expect(await w.b.rows(ALL)).toEqual(await w.a.rows(ALL))
  })

  test('a first load is cut into ranges of one size, and none is larger than a batch may be', async () => {
    await using w = await twoDatabases(version)
    await w.a.exec(TABLE, ROWS(20_000))
    await using project = await TransferProject.open(w.urls, FLOW())
    const sizes: number[] = []
    await project.runAll({ batchRows: 8_000 }, (event, fields) => {
      if (event === 'batch:committed') sizes.push(Number((fields as EngineEvents['batch:committed']).rows))
    })
    expect(sizes.reduce((sum, n) => sum + n, 0)).toBe(20_000)
    expect(sizes).toHaveLength(3)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(8_000)
    expect(Math.min(...sizes)).toBeGreaterThan(6_000)
  })

  test('an index on the position cuts the window in its order', async () => {
    await using w = await twoDatabases(version)
    await w.a.exec(TABLE, 'CREATE INDEX ON orders (modified_on)', ROWS(20_000))
    await using project = await TransferProject.open(w.urls, FLOW())
    await project.run()
    await w.a.exec("UPDATE orders SET name = 'new', modified_on = now() WHERE id BETWEEN 100 AND 199", 'ANALYZE orders')
    const run = await project.run({ batchRows: 30 })
    expect(run).toMatchObject({ status: 'succeeded', batches: 4, rows: { updated: 100 } })
    expect(await w.b.rows(ALL)).toEqual(await w.a.rows(ALL))
  })

  test('rows that one statement stamped are found by their keys, and no batch looks at all of them', async () => {
    await using w = await twoDatabases(version)
    await w.a.exec(TABLE, 'CREATE INDEX ON orders (modified_on)', ROWS(100_000))
    await using project = await TransferProject.open(w.urls, FLOW())
    await project.run()
    await w.a.exec("UPDATE orders SET name = 'new', modified_on = now() WHERE id <= 5000", 'ANALYZE orders')
    const fetched = async () =>
      Number((await w.a.rows("SELECT idx_tup_fetch FROM pg_stat_user_tables WHERE relname = 'orders'"))[0]?.[0])
    const before = await fetched()
    const run = await project.run({ batchRows: 100 })
    expect(run).toMatchObject({ status: 'succeeded', batches: 50, rows: { updated: 5_000 } })
    await expect.poll(fetched, { timeout: 20_000 }).toBeGreaterThan(before)
    // each batch looked through all 5 000: 250 000
    expect((await fetched()) - before).toBeLessThan(50_000)
    expect(await w.b.rows(ALL)).toEqual(await w.a.rows(ALL))
  })

  test('a row that the other server refuses stays out, the others of its batch land', async () => {
    await using w = await twoDatabases(version)
    await w.a.exec(TABLE, ROWS(100))
    await w.b.exec(
      "CREATE TABLE orders (id bigint PRIMARY KEY, name text NOT NULL CHECK (name <> 'bad'), modified_on timestamptz)",
    )
    await using project = await TransferProject.open(w.urls, FLOW('      on_reject: quarantine\n'))
    await project.run()
    await w.a.exec(
      "UPDATE orders SET name = CASE id WHEN 7 THEN 'bad' ELSE 'new' END, modified_on = clock_timestamp() WHERE id < 20",
    )
    const counts = { read: 19, updated: 18, rejected: 1 }
    expect(await project.run()).toMatchObject({ status: 'succeeded_with_rejects', rows: counts })
    await w.a.exec("UPDATE orders SET name = 'mended', modified_on = clock_timestamp() WHERE id = 7")
    expect(await project.run()).toMatchObject({ status: 'succeeded', rows: { updated: 1, rejected: 0 } })
    // one that can be foreseen: NULL where the target takes none
    await w.a.exec('UPDATE orders SET name = NULL, modified_on = clock_timestamp() WHERE id = 8')
    expect(await project.run()).toMatchObject({ status: 'succeeded_with_rejects', rows: { read: 1, rejected: 1 } })
    await w.a.exec("UPDATE orders SET name = '', modified_on = clock_timestamp() WHERE id = 8")
    expect(await project.run()).toMatchObject({ status: 'succeeded', rows: { updated: 1, rejected: 0 } })
    expect(await w.b.rows(ALL)).toEqual(await w.a.rows(ALL))
  })
})

const BACKFILL = `      source: { connection: a, table: orders }
      target: { connection: b, table: orders }
      key: [id]
      capture: backfill
      apply: insert-missing
`

/** a page holds ten of these rows */
const WIDE = [
  'CREATE TABLE orders (id bigint PRIMARY KEY, name text, modified_on timestamptz DEFAULT now())',
  "INSERT INTO orders (id, name) SELECT i, repeat('x', 720) FROM generate_series(1, 90000) AS i",
  'ANALYZE orders',
]

describe.each(LONG_VERSIONS)('the rows of a large table on PostgreSQL %s', (version) => {
  test('are not counted before they are read', async () => {
    await using w = await twoDatabases(version)
    await w.a.exec(...WIDE)
    await using project = await TransferProject.open(w.urls, BACKFILL)
    const looks =
      "SELECT coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) FROM pg_stat_user_tables WHERE relname = 'orders'"
    const index = "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE relname = 'orders'"
    const looked = async () => Number((await w.a.rows(looks))[0]?.[0]) + Number((await w.a.rows(index))[0]?.[0])
    const before = await looked()
    expect(await project.run()).toMatchObject({ status: 'succeeded', rows: { inserted: 90_000 } })
    // each once, by its page: a count would have looked at all of them a second time
    await expect.poll(looked, { timeout: 20_000 }).toBeGreaterThan(before)
    expect((await looked()) - before).toBeLessThan(120_000)
    expect(await w.b.rows(ALL)).toEqual(await w.a.rows(ALL))
  })

  test('may be others than the statistics say: a batch is no larger for it, and an emptied table has nothing', async () => {
    await using w = await twoDatabases(version)
    await w.a.exec(
      ...WIDE,
      "INSERT INTO orders (id, name) SELECT i, repeat('y', 720) FROM generate_series(90001, 180000) AS i",
    )
    await using project = await TransferProject.open(w.urls, BACKFILL)
    const sizes: number[] = []
    await project.runAll({ batchRows: 20_000 }, (event, fields) => {
      if (event === 'batch:committed') sizes.push(Number((fields as EngineEvents['batch:committed']).rows))
    })
    expect(sizes.reduce((sum, n) => sum + n, 0)).toBe(180_000)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(20_000)
    await w.a.exec('DELETE FROM orders')
    expect(await project.run()).toMatchObject({ status: 'nothing_to_do' })
  })
})

/** Fails the run at the n-th time that it comes to that point. */
const failAt = (point: string, times: number): ((at: string) => Promise<void>) => {
  let left = times
  return (at) => {
    if (at === point) left -= 1
    return at === point && left === 0 ? Promise.reject(new Error('made to fail')) : Promise.resolve()
  }
}

describe.each(LONG_VERSIONS)('a relay that is resumed on PostgreSQL %s', (version) => {
  test('reads the pages that were left, and what changed its place since', async () => {
    await using w = await twoDatabases(version)
    await w.a.exec(TABLE, ROWS(20_000))
    await using project = await TransferProject.open(w.urls, BACKFILL, failAt('batch:before-commit', 3))
    expect(await project.run({ batchRows: 2_000, parallel: 1 })).toMatchObject({ status: 'failed' })
    const [[had]] = (await w.b.rows('SELECT count(*) FROM orders')) as [[string]]
    expect(Number(had)).toBeGreaterThan(0)
    expect(Number(had)).toBeLessThan(20_000)
    // rows of open pages move to the free places of pages that were read already
    await w.a.exec('DELETE FROM orders WHERE id < 1000')
    await w.a.exec('VACUUM orders')
    await w.a.exec("UPDATE orders SET name = 'moved' WHERE id BETWEEN 15000 AND 15500")
    const { runs } = await project.runAll({ batchRows: 2_000, parallel: 1 })
    expect(runs[0]).toMatchObject({ error: null, status: 'succeeded', rows: { inserted: 20_000 } })
    expect(await w.a.rows('SELECT count(*) FROM orders')).toEqual([['19001']])
    expect(await w.b.rows('SELECT count(*) FROM orders WHERE id >= 1000')).toEqual([['19001']])
    // it sees no row that is there: all of them travel, and none is new
    expect(runs[1]).toMatchObject({ error: null, status: 'succeeded', rows: { inserted: 0, read: 19_001 } })
  })

  test('reads everything again where the table was written anew', async () => {
    await using w = await twoDatabases(version)
    await w.a.exec(TABLE, ROWS(20_000))
    await using project = await TransferProject.open(w.urls, FLOW(), failAt('batch:before-commit', 3))
    expect(await project.run({ batchRows: 2_000, parallel: 1 })).toMatchObject({ status: 'failed' })
    await w.a.exec('VACUUM FULL orders')
    const document = await project.runAll({ batchRows: 2_000, parallel: 1 })
    expect(document.runs[0]).toMatchObject({ error: null, status: 'succeeded' })
    expect(await w.b.rows(ALL)).toEqual(await w.a.rows(ALL))
  })

  test('goes on in the order of the window, which means the same under any snapshot', async () => {
    await using w = await twoDatabases(version)
    await w.a.exec(TABLE, 'CREATE INDEX ON orders (modified_on)', ROWS(20_000))
    let fail: (at: string) => Promise<void> = () => Promise.resolve()
    await using project = await TransferProject.open(w.urls, FLOW(), (at) => fail(at))
    await project.run()
    await w.a.exec("UPDATE orders SET name = 'new', modified_on = now() WHERE id BETWEEN 100 AND 199", 'ANALYZE orders')
    fail = failAt('batch:before-commit', 3)
    expect(await project.run({ batchRows: 10, parallel: 1 })).toMatchObject({ status: 'failed' })
    const { runs } = await project.runAll({ batchRows: 10, parallel: 1 })
    expect(runs[0]).toMatchObject({ error: null, status: 'succeeded', rows: { read: 100, updated: 100 }, batches: 10 })
    expect(await w.b.rows(ALL)).toEqual(await w.a.rows(ALL))
  })
})

describe('one worker', () => {
  /** How many batches were begun while one had everything but its commit behind it; it waits for the next for a moment. */
  const begunMeanwhile = async (flow: string): Promise<number> => {
    await using w = await twoDatabases('18')
    await w.a.exec(TABLE, ROWS(5_000))
    let [begun, most] = [0, 0]
    const hit = async (at: string): Promise<void> => {
      if (at === 'batch:begun') begun += 1
      if (at !== 'batch:after-commit') return
      await sleep(100)
      most = Math.max(most, begun)
      begun -= 1
    }
    await using project = await TransferProject.open(w.urls, flow, hit)
    const run = await project.run({ batchRows: 500, parallel: 1 })
    expect(run).toMatchObject({ error: null, status: 'succeeded' })
    expect(await w.b.rows(ALL)).toEqual(await w.a.rows(ALL))
    return most
  }

  test('begins the next batch while the last one commits', async () => {
    expect(await begunMeanwhile(BACKFILL)).toBe(2)
  })

  test('does not where the flow says that one batch at a time is open', async () => {
    expect(await begunMeanwhile(`${BACKFILL}      parallel: 1\n`)).toBe(1)
  })
})

describe('a snapshot that is older than its connection allows', () => {
  test('is given up between two batches: what is left is read under a new one, and nothing is lost', async () => {
    await using w = await twoDatabases('18')
    await w.a.exec(TABLE, ROWS(5_000))
    const a = `{ kind: postgres, url: "${w.a.url}", max_age: 400ms }`
    const slow = (at: string): Promise<void> => (at === 'batch:staged' ? sleep(150) : Promise.resolve())
    await using project = await TransferProject.open({ ...w.urls, a }, FLOW(), slow)
    const run = await project.run({ batchRows: 500, parallel: 1 })
    expect(run).toMatchObject({ error: null, status: 'succeeded' })
    expect(await w.b.rows(ALL)).toEqual(await w.a.rows(ALL))
  })

  test('is given up by one worker, and the other reads its batch to the end', async () => {
    await using w = await twoDatabases('18')
    // a view has no pages: it is read in the order of the window, and what is left is not cut again
    await w.a.exec(
      'CREATE TABLE stored (id bigint PRIMARY KEY, name text, modified_on timestamptz NOT NULL)',
      "INSERT INTO stored SELECT i, repeat(md5(i::text), 30000), timestamptz '2026-01-01' + i * interval '1 second' FROM generate_series(1, 400) AS i",
      'CREATE INDEX ON stored (modified_on)',
      'CREATE VIEW orders AS SELECT * FROM stored',
      'ANALYZE stored',
    )
    const a = `{ kind: postgres, url: "${w.a.url}", max_age: 30ms }`
    await using project = await TransferProject.open({ ...w.urls, a }, FLOW())
    const run = await project.run({ batchRows: 20, parallel: 2 })
    expect(run).toMatchObject({ error: null, status: 'succeeded', rows: { inserted: 400 } })
  })
})
