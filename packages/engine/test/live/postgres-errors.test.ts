import { describe, expect, test } from 'vitest'
import { classify, translate } from '../../src/dialects/postgres/errors.ts'
import { type PostgresSession, sqlState } from '../../src/drivers/postgres.ts'
import { AppError } from '../../src/runtime/app-error.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import { VERSIONS } from '../support/postgres-server.ts'

const caught = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => {
      throw new TypeError('nothing was thrown')
    },
    (error: unknown) => error,
  )

describe.each(VERSIONS)('errors of PostgreSQL %s', (version) => {
  const told = async (session: PostgresSession, text: string) => {
    const error = await caught(session.rows(text))
    const app = translate(error, 'db', 'TM5001')
    return [sqlState(error), classify(error), app instanceof AppError ? app.code : null]
  }

  test('are classified by their SQLSTATE', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec('CREATE TABLE t (a int PRIMARY KEY CHECK (a < 100))', 'INSERT INTO t VALUES (1)')
    await using s = await db.connect()
    expect(await told(s, 'INSERT INTO t VALUES (1)')).toEqual(['23505', 'constraint', 'TM5001'])
    expect(await told(s, 'INSERT INTO t VALUES (100)')).toEqual(['23514', 'constraint', 'TM5001'])
    expect(await told(s, 'INSERT INTO t VALUES (NULL)')).toEqual(['23502', 'constraint', 'TM5001'])
    expect(await told(s, 'SELECT 1/0')).toEqual(['22012', 'permanent', 'TM5001'])
    expect(await told(s, 'SELECT * FROM nowhere')).toEqual(['42P01', 'permanent', 'TM5001'])
    await s.run("SET statement_timeout = '30ms'")
    expect(await told(s, 'SELECT pg_sleep(10)')).toEqual(['57014', 'interrupted', 'TM5001'])
    await s.run('SET statement_timeout = 0')
    await s.run("SET temp_file_limit = '64kB'")
    await s.run("SET work_mem = '64kB'")
    expect(
      await told(s, 'SELECT count(*) FROM (SELECT random() AS r FROM generate_series(1, 300000) ORDER BY 1) q'),
    ).toEqual(['53400', 'full', 'TM2004'])
  })

  test('of two that write one row are conflicts: a lock not had in time, a deadlock, a row that changed', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec('CREATE TABLE t (a int PRIMARY KEY, b int)', 'INSERT INTO t VALUES (1, 1), (2, 2)')
    await using a = await db.connect()
    await using b = await db.connect()
    await a.begin()
    await a.run('UPDATE t SET b = 3 WHERE a = 1')
    await b.run("SET lock_timeout = '30ms'")
    expect(await told(b, 'UPDATE t SET b = 4 WHERE a = 1')).toEqual(['55P03', 'conflict', 'TM5003'])
    await b.run('SET lock_timeout = 0')
    await b.run("SET deadlock_timeout = '10ms'")
    await b.begin()
    await b.run('UPDATE t SET b = 4 WHERE a = 2')
    const mine = a.run('UPDATE t SET b = 5 WHERE a = 2').then(
      () => null,
      (error: unknown) => error,
    )
    const theirs = await b.run('UPDATE t SET b = 6 WHERE a = 1').then(
      () => null,
      (error: unknown) => error,
    )
    await b.rollback()
    const lost = theirs ?? (await mine)
    expect([sqlState(lost), classify(lost)]).toEqual(['40P01', 'conflict'])
    await a.rollback()
    await a.begin('ISOLATION LEVEL REPEATABLE READ')
    await a.rows('SELECT * FROM t')
    await b.run('UPDATE t SET b = 7 WHERE a = 1')
    expect(await told(a, 'UPDATE t SET b = 8 WHERE a = 1')).toEqual(['40001', 'conflict', 'TM5003'])
  })

  test('of a session that was ended, or whose socket is gone, are a lost connection', async () => {
    await using db = await TestDatabase.create(version)
    await using a = await db.connect()
    await using b = await db.connect()
    const sleeping = caught(a.rows('SELECT pg_sleep(60)'))
    await b.rows(`SELECT pg_terminate_backend(${a.pid})`)
    expect(classify(await sleeping)).toBe('lost')
    const after = await caught(a.rows('SELECT 1'))
    expect([classify(after), (translate(after, 'db') as AppError).code]).toEqual(['lost', 'TM2005'])
    const cut = caught(b.rows('SELECT pg_sleep(60)'))
    b.destroy()
    expect(classify(await cut)).toBe('lost')
  })

  test('that quote a value do not, where the flow masks columns', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec('CREATE TABLE t (name text PRIMARY KEY)', "INSERT INTO t VALUES ('Ada Lovelace')")
    await using s = await db.connect()
    for (const text of [
      "INSERT INTO t VALUES ('Ada Lovelace')",
      "SELECT CAST('Ada Lovelace' AS int)",
      "SELECT to_date('Ada Lovelace', 'YYYY')",
    ]) {
      const error = await caught(s.rows(text))
      const open = translate(error, 'db')
      expect(open.message).toMatch(/Ada/)
      const discreet = translate(error, 'db', 'TM5001', true)
      expect(`${discreet.message} ${discreet.stack} ${String((discreet.cause as Error).stack)}`).not.toMatch(/Ada|Love/)
      expect(discreet.message).toContain(sqlState(error))
    }
    const names = await caught(s.rows('SELECT nobody FROM t'))
    expect(translate(names, 'db', 'TM5001', true).message).toContain('column "nobody" does not exist')
  })
})
