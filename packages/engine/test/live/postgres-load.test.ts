/** Windows without a buffer under load, one right after the other: every row is in exactly one of them. */
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { PlannedPosition } from '../../src/dialects/contract.ts'
import type { PostgresSession } from '../../src/drivers/postgres.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import { INSTANT, SERIAL, Windows, XID } from '../support/postgres-source.ts'
import { VERSIONS } from '../support/postgres-server.ts'

const WRITERS = 5
const FOR_MS = 4_000

/** Begins, maybe waits, maybe takes a number long before it is used, writes, maybe waits, maybe prepares, ends. */
async function write(session: PostgresSession, name: string, until: number): Promise<void> {
  const maybe = async (ms: number): Promise<void> => {
    if (Math.random() < 0.4) await sleep(Math.random() * ms)
  }
  for (let i = 0; performance.now() < until; i++) {
    await session.begin()
    await maybe(20)
    if (Math.random() < 0.3) {
      const [[n] = []] = await session.rows("SELECT nextval('src_id_seq')")
      await maybe(20)
      await session.run('INSERT INTO src (id) VALUES ($1)', [n ?? ''])
    } else await session.run('INSERT INTO src DEFAULT VALUES')
    await maybe(10)
    if (Math.random() < 0.1) await session.rollback()
    else if (Math.random() < 0.15) {
      await session.run(`PREPARE TRANSACTION '${name}-${i}'`)
      await session.rollback()
      await maybe(20)
      await session.run(`COMMIT PREPARED '${name}-${i}'`)
    } else await session.commit()
  }
}

/** Window after window, as runs do; every id that was in one, in order. */
async function follow(db: TestDatabase, column: string, position: PlannedPosition, ended: () => boolean) {
  await using windows = await Windows.open(db)
  await using session = await db.connect()
  const delivered: string[] = []
  let mark: string | null = null
  let count = 0
  const next = async (): Promise<void> => {
    const { upTo, after, heldBack } = await windows.next(position, mark)
    count += 1
    if (upTo === null || heldBack) return
    const from = after === null ? '' : `${column} > '${after}' AND `
    for (const [id] of await session.rows(`SELECT id FROM src WHERE ${from}${column} <= '${upTo}'`))
      delivered.push(id ?? '')
    mark = upTo
  }
  while (!ended()) await next()
  for (let i = 0; i < 5; i++) {
    await next()
    await sleep(5)
  }
  return { delivered, count }
}

describe.each(VERSIONS)('PostgreSQL %s under load', (version) => {
  test('no row is lost and none comes twice, by time, by number and by transaction', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(
      'CREATE TABLE src (id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), x xid8 NOT NULL DEFAULT pg_current_xact_id())',
      'CREATE INDEX ON src (at)',
    )
    await using open = new AsyncDisposableStack()
    const sessions = await Promise.all(Array.from({ length: WRITERS }, () => db.connect()))
    for (const s of sessions) open.use(s)
    let ended = false
    const until = performance.now() + FOR_MS
    const writers = Promise.all(sessions.map((s, i) => write(s, `${db.options.database}-${i}`, until))).finally(
      () => (ended = true),
    )
    const followed = await Promise.all([
      follow(db, 'at', INSTANT, () => ended),
      follow(db, 'id', SERIAL, () => ended),
      follow(db, 'x', XID, () => ended),
    ])
    await writers
    const all = (await db.rows('SELECT id FROM src')).map(([id]) => id ?? '').sort()
    expect(all.length).toBeGreaterThan(100)
    for (const { delivered } of followed) expect(delivered.toSorted()).toEqual(all)
    // by number each window may wait for short transactions; the others do not
    expect(followed[0]?.count).toBeGreaterThan(50)
  })
})
