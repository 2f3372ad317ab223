/** What a watermark makes of a PostgreSQL source: buffers, notes, refusals. */
import { describe, expect, test } from 'vitest'
import { TestDatabase } from '../support/postgres-database.ts'
import { INSTANT, SERIAL, Windows, XID } from '../support/postgres-source.ts'
import { VERSIONS } from '../support/postgres-server.ts'
import { decideWatermark as decide, watermarkQuestion as question } from '../support/watermark-question.ts'

describe.each(VERSIONS)('a watermark over PostgreSQL %s', (version) => {
  const SOURCE =
    'CREATE TABLE src (id bigserial PRIMARY KEY, at timestamptz DEFAULT now(), x xid8 DEFAULT pg_current_xact_id())'

  test('waits five minutes where it sees all, and four hours where it does not', async () => {
    await using db = await TestDatabase.create(version)
    const role = `r_${db.options.database}`
    await db.exec(
      SOURCE,
      `INSERT INTO src (at) VALUES (now() - interval '1 hour'), (now())`,
      `CREATE ROLE ${role} LOGIN`,
      `GRANT SELECT ON src TO ${role}`,
    )
    try {
      await using w = await Windows.open(db)
      const sees = await decide(question(w, INSTANT))
      expect(sees).toMatchObject({
        kind: 'take',
        rows: 1n,
        waiting: { rows: 1n, until: expect.any(String) },
        window: { decidedBy: 'buffer' },
      })
      expect(sees.notes.join()).not.toContain('buffer alone')
      await using v = await Windows.open(db, { url: db.url.replace('postgres@', `${role}@`) })
      const blind = await decide(question(v, INSTANT))
      expect(blind).toMatchObject({ kind: 'nothing', waiting: { rows: 2n } })
      expect(blind.notes.join()).toMatch(new RegExp(`buffer alone: .*GRANT pg_read_all_stats TO ${role}`))
      await expect(decide(question(v, SERIAL))).rejects.toMatchObject({
        code: 'TM1019',
        detail: expect.stringContaining('how many numbers back'),
      })
      expect(await decide(question(v, SERIAL, {}, { buffer: { count: 10n } }))).toMatchObject({
        kind: 'take',
        rows: 2n,
      })
    } finally {
      await db.exec(`DROP OWNED BY ${role}`, `DROP ROLE ${role}`)
    }
  })

  test('by a number: what is held back leaves a look, from which the next run goes on', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(SOURCE)
    await using w = await Windows.open(db)
    await using late = await db.connect()
    await late.begin()
    await late.run('INSERT INTO src DEFAULT VALUES')
    await db.exec('INSERT INTO src DEFAULT VALUES')
    const held = await decide(question(w, SERIAL))
    expect(held).toMatchObject({
      kind: 'nothing',
      reason: expect.stringContaining(`held back by transaction of process ${late.pid}`),
    })
    await late.commit()
    await late.begin()
    await late.run('INSERT INTO src DEFAULT VALUES')
    const earlierLook = held.look ?? null
    expect(await decide(question(w, SERIAL, { earlierLook }))).toMatchObject({
      kind: 'take',
      rows: 2n,
      window: { upTo: '2', decidedBy: 'look' },
      watermark: { position: '2' },
    })
    await late.rollback()
    expect(await decide(question(w, SERIAL, { watermark: '2' }))).toMatchObject({
      kind: 'nothing',
      reason: 'no rows after 2',
    })
  })

  test('by a transaction id: no buffer is taken', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(SOURCE, 'INSERT INTO src DEFAULT VALUES')
    await using w = await Windows.open(db)
    expect(await decide(question(w, XID))).toMatchObject({ kind: 'take', rows: 1n, window: { decidedBy: 'xid' } })
    await expect(decide(question(w, XID, {}, { buffer: { count: 1n } }))).rejects.toMatchObject({ code: 'TM1019' })
  })

  test('a prepared transaction that nobody knows the start of holds the first run back, by name', async () => {
    await using db = await TestDatabase.create(version)
    await db.exec(SOURCE)
    await using w = await Windows.open(db)
    await using late = await db.connect()
    await late.begin()
    await late.run('INSERT INTO src DEFAULT VALUES')
    await late.run("PREPARE TRANSACTION 'held'")
    expect(await decide(question(w, INSTANT))).toMatchObject({
      kind: 'nothing',
      reason: expect.stringMatching(
        /^held back by transaction prepared as "held" by postgres, \d+ s ago, and when it began is not known$/,
      ),
    })
    await db.exec("ROLLBACK PREPARED 'held'")
  })
})
