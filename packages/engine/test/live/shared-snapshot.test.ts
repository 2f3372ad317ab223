/** What is read under a snapshot that was exported is all that was there. */
import { expect, test } from 'vitest'
import { SharedSnapshot } from '../../src/dialects/postgres/shared-snapshot.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import { VERSIONS } from '../support/postgres-server.ts'

test.for(VERSIONS)(
  'a table cannot be rewritten between the snapshot and its first reader, PostgreSQL %s',
  async (v) => {
    await using db = await TestDatabase.create(v)
    await db.exec(
      'CREATE TABLE t (id int PRIMARY KEY) PARTITION BY RANGE (id)',
      'CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (1000)',
      'INSERT INTO t SELECT g FROM generate_series(1, 500) g',
      'CREATE VIEW seen AS SELECT id FROM t',
    )
    const taken = { connect: () => db.connect(), maxAgeMs: 60_000, of: null, locking: 'SELECT FROM seen LIMIT 0' }
    await using snapshot = await SharedSnapshot.take(taken)
    await db.exec(`SET lock_timeout = '100ms'`)
    for (const rewrite of ['CLUSTER t_1 USING t_1_pkey', 'TRUNCATE t_1', 'ALTER TABLE t_1 SET UNLOGGED'])
      await expect(db.exec(rewrite)).rejects.toThrow(/lock timeout/)
    await using other = await SharedSnapshot.take({ ...taken, of: snapshot.name })
    expect(other.sees).toBe(snapshot.sees)
    const reader = await other.borrow()
    expect(await reader.rows('SELECT count(*) FROM t')).toEqual([['500']])
    await other.giveBack(reader, true)
  },
)

test.for(VERSIONS)('who reads under one that another takes the place of reads to the end, PostgreSQL %s', async (v) => {
  await using db = await TestDatabase.create(v)
  await db.exec('CREATE TABLE t AS SELECT g AS id FROM generate_series(1, 5) AS g')
  const taken = { connect: () => db.connect(), maxAgeMs: 60_000, of: null, locking: 'SELECT FROM t LIMIT 0' }
  await using snapshot = await SharedSnapshot.take(taken)
  const early = await snapshot.borrow()
  const reading = early.rows('SELECT count(*), pg_sleep(0.3) FROM t')
  const beginning = snapshot.borrow()
  await db.exec('INSERT INTO t VALUES (6)')
  await snapshot.retire()
  expect(snapshot.holds).toBe(false)
  expect(await reading).toEqual([['5', '']])
  const late = await beginning
  expect(await late.rows('SELECT count(*) FROM t')).toEqual([['5']])
  for (const session of [early, late]) {
    await snapshot.giveBack(session, true)
    expect(session.closed).toBe(true)
  }
})
