/** What a watermark makes of a SQL Server source: buffers, notes, refusals. */
import { describe, expect, test } from 'vitest'
import { abilities } from '../../src/dialects/sqlserver/abilities.ts'
import { SqlServerDatabase } from '../support/sqlserver-database.ts'
import { TEST_SERVER } from '../support/sqlserver-server.ts'
import { needRowVersions, SERIAL, TIME, VERSION, Windows } from '../support/sqlserver-source.ts'
import { decideWatermark, watermarkQuestion } from '../support/watermark-question.ts'

const SOURCE =
  'CREATE TABLE src (id bigint IDENTITY PRIMARY KEY, at datetime2(7) DEFAULT SYSUTCDATETIME(), name nvarchar(20))'

describe.skipIf(TEST_SERVER === null)('a watermark over SQL Server', () => {
  test('stamps are taken as set by the application: four hours are waited, and the plan says what is missed', async () => {
    await using db = await SqlServerDatabase.create()
    await db.exec(
      SOURCE,
      'INSERT INTO src (at) VALUES (DATEADD(hour, -5, SYSUTCDATETIME())), (DATEADD(hour, -3, SYSUTCDATETIME()))',
    )
    await using w = await Windows.open(db)
    const decided = await decideWatermark(watermarkQuestion(w, TIME, { abilities }))
    expect(decided).toMatchObject({
      kind: 'take',
      rows: 1n,
      waiting: { rows: 1n, until: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{7}$/) },
      window: { decidedBy: 'buffer' },
    })
    expect(decided.notes.join('\n')).toContain('committed more than 4h after their stamp are missed')
  })

  test('with stamps of the database five minutes are enough where it shows who is at work, and four hours where not', async () => {
    await using db = await SqlServerDatabase.create()
    await db.exec(SOURCE, 'INSERT INTO src (at) VALUES (DATEADD(hour, -1, SYSUTCDATETIME()))')
    await using w = await Windows.open(db)
    const { relies } = await w.source.port.moment(TIME, ['src'])
    const decided = await decideWatermark(watermarkQuestion(w, TIME, {}, { stampedBy: 'database' }))
    expect(decided.kind).toBe(relies == null ? 'take' : 'nothing')
    if (relies != null) expect(decided.notes).toContain(relies)
  })

  test('a number needs an overlap where nobody shows who is at work', async () => {
    await using db = await SqlServerDatabase.create()
    await db.exec(SOURCE, 'INSERT INTO src DEFAULT VALUES')
    await using w = await Windows.open(db)
    const { relies } = await w.source.port.moment(SERIAL, ['src'])
    const plain = decideWatermark(watermarkQuestion(w, SERIAL, { abilities }))
    if (relies == null) expect(await plain).toMatchObject({ kind: 'take', rows: 1n })
    else
      await expect(plain).rejects.toMatchObject({
        code: 'TM1019',
        detail: expect.stringContaining('how many numbers back'),
      })
    const overlap = { buffer: { count: 10n } }
    expect(await decideWatermark(watermarkQuestion(w, SERIAL, { abilities }, overlap))).toMatchObject({
      kind: 'take',
      rows: 1n,
      window: { upTo: '1', decidedBy: 'look' },
      watermark: { position: '1' },
    })
  })

  test('by a row version: no buffer is taken, and the last one is read with its row', async (context) => {
    await using db = await SqlServerDatabase.create()
    await needRowVersions(context, db)
    await db.exec('CREATE TABLE src (id bigint IDENTITY PRIMARY KEY, v rowversion)', 'INSERT INTO src DEFAULT VALUES')
    await using w = await Windows.open(db)
    const first = await decideWatermark(watermarkQuestion(w, VERSION, { abilities }))
    expect(first).toMatchObject({ kind: 'take', rows: 1n, waiting: null, window: { decidedBy: 'rowversion' } })
    const [[mark] = []] = await db.rows('SELECT CONVERT(nvarchar(18), CAST(MAX(v) AS binary(8)), 1) FROM src')
    expect(await decideWatermark(watermarkQuestion(w, VERSION, { abilities, watermark: mark ?? null }))).toMatchObject({
      kind: 'nothing',
      reason: `no rows after ${mark}`,
    })
    await expect(
      decideWatermark(watermarkQuestion(w, VERSION, { abilities }, { buffer: { count: 1n } })),
    ).rejects.toMatchObject({ code: 'TM1019', detail: expect.stringContaining('row versions need none') })
  })
})
