import { PassThrough, Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { describe, expect, test } from 'vitest'
import { PostgresSession, sqlState } from '../../src/drivers/postgres.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import { VERSIONS } from '../support/postgres-server.ts'

describe.each(VERSIONS)('a session with PostgreSQL %s', (version) => {
  test('gives every value as the text of the server', async () => {
    await using db = await TestDatabase.create(version)
    await using session = await PostgresSession.connect(db.options)
    const [row] = await session.rows(
      `SELECT 9007199254740993::bigint, 0.1::float8, timestamptz '2026-01-01 00:00+02', 'infinity'::timestamp,
              NULL, '', '\\x00ff'::bytea, interval '1 mon', version() LIKE 'PostgreSQL ${version}%'`,
    )
    expect(row).toEqual([
      '9007199254740993',
      '0.1',
      '2025-12-31 22:00:00+00',
      'infinity',
      null,
      '',
      '\\x00ff',
      '1 mon',
      't',
    ])
  })

  test('copies bytes in and out', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec('CREATE TABLE t (a int, b text)')
    await using session = await db.connect()
    const into = session.copyIn('COPY t FROM STDIN')
    await pipeline(Readable.from(['1\tone\n', '2\t\\N\n']), into)
    expect(into.rowCount).toBe(2)
    const out = new PassThrough()
    expect(await session.copyOut('COPY (SELECT * FROM t ORDER BY a) TO STDOUT', out)).toBe(2n)
    expect(await text(out)).toBe('1\tone\n2\t\\N\n')
    expect(await session.rows('SELECT 1')).toEqual([['1']])
  })

  test('a statement under way is cancelled from outside, and its transaction rolls back', async () => {
    await using db = await TestDatabase.create(version)
    await using session = await db.connect()
    await session.begin()
    const sleeping = session.rows('SELECT pg_sleep(60)').catch((error: unknown) => error)
    await session.cancel()
    expect(sqlState(await sleeping)).toBe('57014')
    await expect(session.commit()).rejects.toThrow('rolled the transaction back')
    expect(await session.rows('SELECT 1')).toEqual([['1']])
  })
})
