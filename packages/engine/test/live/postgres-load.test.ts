/** Windows without a buffer under load, one right after the other: every row is in exactly one of them. */
import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { PlannedPosition } from '../../src/dialects/contract.ts'
import { connectionOf, openSession } from '../../src/dialects/postgres/session.ts'
import { SharedSnapshot } from '../../src/dialects/postgres/shared-snapshot.ts'
import type { PostgresSession } from '../../src/drivers/postgres.ts'
import { LONG, LONG_VERSIONS } from '../support/long.ts'
import { TestDatabase } from '../support/postgres-database.ts'
import { INSTANT, SERIAL, Windows, XID } from '../support/postgres-source.ts'

const WRITERS = 5
/** how long it goes on, and then until each position has had so many windows */
const FOR_MS = 4_000
const WINDOWS = LONG ? 5_000 : 60

/** Begins, maybe waits, maybe takes a number long before it is used, writes, maybe waits, maybe prepares, ends. */
async function write(session: PostgresSession, name: string, ended: () => boolean): Promise<void> {
  const maybe = async (ms: number): Promise<void> => {
    if (Math.random() < 0.4) await sleep(Math.random() * ms)
  }
  for (let i = 0; !ended(); i++) {
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

interface Followed {
  /** every id that was in a window, in order */
  readonly delivered: string[]
  windows: number
}

/** Window after window, as runs do; each is read by two sessions at once, under one exported snapshot. */
async function follow(
  db: TestDatabase,
  column: string,
  position: PlannedPosition,
  followed: Followed,
  ended: () => boolean,
): Promise<void> {
  const connect = () => openSession(connectionOf({ url: db.url, schema: 'public' }), 'source')
  await using windows = await Windows.open(db)
  let mark: string | null = null
  const next = async (): Promise<void> => {
    const { upTo, after, heldBack } = await windows.next(position, mark)
    followed.windows += 1
    if (upTo === null || heldBack) return
    const from = after === null ? '' : `${column} > '${after}' AND `
    const locking = 'SELECT FROM public.src LIMIT 0'
    await using snapshot = await SharedSnapshot.take({ connect, maxAgeMs: 60_000, of: null, locking })
    const halves = [0, 1].map(async (half) => {
      const reader = await snapshot.borrow()
      return await reader.rows(
        `SELECT id FROM public.src WHERE ${from}${column} <= '${upTo}' AND id % 2 = ${half} ORDER BY id`,
      )
    })
    for (const [id] of (await Promise.all(halves)).flat()) followed.delivered.push(id ?? '')
    mark = upTo
  }
  while (!ended()) await next()
  for (let i = 0; i < 5; i++) {
    await next()
    await sleep(5)
  }
}

describe.each(LONG_VERSIONS)('PostgreSQL %s under load', (version) => {
  test('no row is lost and none comes twice, by time, by number and by transaction', {
    timeout: LONG ? 7_200_000 : 120_000,
  }, async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(
      'CREATE TABLE src (id bigserial PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), x xid8 NOT NULL DEFAULT pg_current_xact_id())',
      'CREATE INDEX ON src (at)',
    )
    await using open = new AsyncDisposableStack()
    const sessions = await Promise.all(Array.from({ length: WRITERS }, () => db.connect()))
    for (const s of sessions) open.use(s)
    const all: Followed[] = []
    const until = performance.now() + FOR_MS
    const ended = () => performance.now() > until && all.every(({ windows }) => windows >= WINDOWS)
    const following = (column: string, position: PlannedPosition): Promise<void> => {
      const followed: Followed = { delivered: [], windows: 0 }
      all.push(followed)
      return follow(db, column, position, followed, ended)
    }
    await Promise.all([
      following('at', INSTANT),
      following('id', SERIAL),
      following('x', XID),
      ...sessions.map((s, i) => write(s, `${db.options.database}-${i}`, ended)),
    ])
    const ids = (await db.rows('SELECT id FROM src')).map(([id]) => id ?? '').sort()
    expect(ids.length).toBeGreaterThan(100)
    for (const { delivered } of all) expect(delivered.toSorted()).toEqual(ids)
    writeSync(
      1,
      `windows by time, number and transaction: ${all.map((f) => f.windows).join(', ')}; ${ids.length} rows\n`,
    )
  })
})
