/** CSV files as a source: taken out once into the spool, with no value guessed, rounded or mixed up. */
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { AppError } from '../../src/runtime/app-error.ts'
import { csv, dst, fromInbox, parquet } from '../support/inbox.ts'
import { flowSpec, openWorld, type World } from '../support/world.ts'

const flow = fromInbox(['orders/*.csv'])

const refused = (code: string, detail: RegExp) =>
  expect.objectContaining({ code, detail: expect.stringMatching(detail) })

/** The error of a run, whether its plan was refused or it failed before its first batch. */
async function errorOf(w: World): Promise<{ readonly code: string; readonly message: string }> {
  const run = await w.run(flow).catch((error: unknown) => ({ error: error as AppError, batches: 0 }))
  expect(run.batches).toBe(0)
  if (run.error === null) throw new TypeError('it did not fail')
  return run.error
}

test("'' and NULL stay apart through CSV and Parquet", async () => {
  await using w = await openWorld()
  csv(w, 'orders/a.csv', 'id,name', '1,', '2,""', '3,"NULL"', '4,x')
  const apart = [
    ['1', null],
    ['2', ''],
    ['3', 'NULL'],
    ['4', 'x'],
  ]
  await w.run(flow)
  expect(await dst(w, 'id, name')).toEqual(apart)
  await parquet(w, 'b.parquet', 'SELECT * FROM dst')
  await w.target('DROP TABLE dst')
  await w.run({ ...fromInbox(['b', 'parquet']), id: flowSpec().id })
  expect(await dst(w, 'id, name')).toEqual(apart)
})

test('a text for NULL counts only where it is not quoted, and an empty text is then a text', async () => {
  await using w = await openWorld()
  w.files = { csv: { null_text: 'N/A' } }
  csv(w, 'orders/a.csv', 'id,name', '1,N/A', '2,"N/A"', '3,')
  await w.run(flow)
  expect(await dst(w, 'id, name')).toEqual([
    ['1', null],
    ['2', 'N/A'],
    ['3', ''],
  ])
})

test('CSV goes by the spool, and the plan says why', async () => {
  await using w = await openWorld()
  csv(w, 'orders/a.csv', 'id,name', ...Array.from({ length: 25 }, (_, i) => `${i},n${i}`))
  const plan = await w.planned(flow)
  expect(plan.lane).toBe('spool')
  expect(plan.notes.join('\n')).toContain('lane spool: a CSV file has no row numbers')
  await expect(w.planned(flow, { lane: 'pushdown' })).rejects.toThrow(refused('TM4016', /no row numbers/))
  const run = await w.run(flow, { batchRows: 10, workers: 1 })
  expect(run).toMatchObject({ state: 'succeeded', lane: 'spool', rows: { inserted: 25n }, batches: 3 })
  expect(await dst(w, 'id, name')).toHaveLength(25)
  csv(w, 'orders/b.csv', 'id,name', '24,again', '25,new')
  rmSync(`${w.inbox}/orders/a.csv`)
  expect(await w.run(flow)).toMatchObject({ rows: { inserted: 1n } })
})

test('types nobody declared are found out from every value of every file: zeros in front stay, decimals are exact', async () => {
  await using w = await openWorld()
  csv(
    w,
    'orders/a.csv',
    'id,code,amount,day,at,yes,u',
    '1,1,1.5,2026-01-01,2026-01-01 10:00:00,true,7f8d53ec-b98c-f011-b86b-005056a2dd37',
  )
  csv(
    w,
    'orders/b.csv',
    'id,code,amount,day,at,yes,u',
    '9223372036854775807,007,12345678901234567890.25,,2026-01-02 10:00:00.123456,false,',
  )
  await w.run(flow)
  const [row] = await w.targetRows('SELECT typeof(COLUMNS(*)) FROM dst LIMIT 1')
  expect(row).toEqual(['BIGINT', 'VARCHAR', 'DECIMAL(38,2)', 'DATE', 'TIMESTAMP', 'BOOLEAN', 'UUID'])
  expect(await dst(w, 'id, code, amount, day, CAST("at" AS VARCHAR)')).toEqual([
    ['1', '1', '1.50', '2026-01-01', '2026-01-01 10:00:00'],
    ['9223372036854775807', '007', '12345678901234567890.25', null, '2026-01-02 10:00:00.123456'],
  ])
})

test.each([
  ['a word in a number', 'INTEGER', 'abc'],
  ['a fraction in an integer', 'INTEGER', '1.5'],
  ['a number too large', 'SMALLINT', '40000'],
  ['a digit that the scale would round', 'DECIMAL(9,2)', '1.005'],
  ['a day that is none', 'DATE', '2026-02-30'],
  ['a time in a date', 'DATE', '2026-02-03 10:00:00'],
  ['a seventh digit of a second', 'TIMESTAMP', '2026-01-01 00:00:00.1234567'],
])('a text that is no value of its column is refused with file, line and column: %s', async (_, type, text) => {
  await using w = await openWorld()
  await w.target(`CREATE TABLE dst (id BIGINT, v ${type})`)
  csv(w, 'orders/a.csv', 'id,v', '1,')
  csv(w, 'orders/b.csv', 'v,id', ',2', `${text},3`)
  const { code, message } = await errorOf(w)
  expect(code).toBe('TM2009')
  expect(message).toContain(`b.csv line 3, v: "${text}" is no ${type}`)
  expect(await w.targetRows('SELECT count(*) FROM dst')).toEqual([['0']])
})

test('a digit that the scale would round fails the run, and nothing lands', async () => {
  await using w = await openWorld()
  await w.target('CREATE TABLE dst (id BIGINT, v DECIMAL(9,2))')
  csv(w, 'orders/a.csv', 'id,v', '1,1.00', '2,1.005')
  expect(await errorOf(w)).toMatchObject({ code: 'TM2009' })
  expect(await w.targetRows('SELECT count(*) FROM dst')).toEqual([['0']])
})

test('zeros behind the scale lose nothing and are taken', async () => {
  await using w = await openWorld()
  await w.target('CREATE TABLE dst (id BIGINT, v DECIMAL(9,2))')
  csv(w, 'orders/a.csv', 'id,v', '1,1.5000', '2,-0.25', '3,+7')
  await w.run(flow)
  expect(await dst(w, 'id, v')).toEqual([
    ['1', '1.50'],
    ['2', '-0.25'],
    ['3', '7.00'],
  ])
})

test('the columns of CSV files are known by their header, whatever their order', async () => {
  await using w = await openWorld()
  csv(w, 'orders/a.csv', 'id,name', '1,x')
  csv(w, 'orders/b.csv', 'name,id', 'y,2')
  await w.run(flow)
  expect(await dst(w, 'id, name')).toEqual([
    ['1', 'x'],
    ['2', 'y'],
  ])
})

test.each([
  ['a column less', 'id', 'TM2007', /b\.csv has no column name, .*a\.csv has/],
  ['a column more', 'id,name,more', 'TM2007', /b\.csv has a column more, .*a\.csv has not/],
])('CSV files with other headers are refused: %s', async (_, header, code, message) => {
  await using w = await openWorld()
  csv(w, 'orders/a.csv', 'id,name', '1,x')
  csv(w, 'orders/b.csv', header, header.replaceAll(/\w+/g, '1'))
  await expect(w.run(flow)).rejects.toThrow(refused(code, message))
})

test('a line with too many fields, a text that is not UTF-8 and an empty file are refused with file and line', async () => {
  await using w = await openWorld()
  const path = csv(w, 'orders/a.csv', 'id,name', '1,x', '2,y,z')
  expect(await errorOf(w)).toMatchObject({ code: 'TM2008', message: expect.stringContaining('a.csv line 3') })
  writeFileSync(path, Buffer.from([...Buffer.from('id,name\n1,'), 0xe4, 0xf6, 0x0a]))
  expect(await errorOf(w)).toMatchObject({ code: 'TM2008', message: expect.stringContaining('a.csv') })
  writeFileSync(path, '')
  expect(await errorOf(w)).toMatchObject({ code: 'TM2008', message: expect.stringContaining('a.csv is empty') })
})

test('how CSV is written can be declared: delimiter, quote, encoding, decimals, dates, types, no header', async () => {
  await using w = await openWorld()
  w.files = {
    csv: {
      delimiter: ';',
      quote: "'",
      encoding: 'latin-1',
      decimal_separator: ',',
      date_format: '%d.%m.%Y',
      timestamp_format: '%d.%m.%Y %H:%M',
      header: false,
      columns: { id: 'bigint', name: 'varchar(20)', amount: 'decimal(9,2)', day: 'date', at: 'timestamp' },
    },
  }
  const path = csv(w, 'orders/a.csv')
  writeFileSync(path, Buffer.from("1;'Grü;n';1,25;31.12.2026;31.12.2026 23:59\n", 'latin1'))
  await w.run(flow)
  expect(await dst(w, 'id, name, amount, day, CAST("at" AS VARCHAR)')).toEqual([
    ['1', 'Grü;n', '1.25', '2026-12-31', '2026-12-31 23:59:00'],
  ])
})

test('a compressed CSV file is read as it is', async () => {
  await using w = await openWorld()
  const path = csv(w, 'orders/a.csv.gz')
  writeFileSync(path, gzipSync('id,name\n1,x\n'))
  await w.run(fromInbox(['orders/*.csv.gz']))
  expect(await dst(w, 'id, name')).toEqual([['1', 'x']])
})

test('a CSV file that is replaced after it was taken out is not read again: the run delivers one content', async () => {
  await using w = await openWorld()
  const path = csv(w, 'orders/a.csv', 'id,name', ...Array.from({ length: 25 }, (_, i) => `${i},old`))
  const replace = (): void => renameSync(csv(w, 'later.csv', 'id,name', '1,new', '99,new'), path)
  let batches = 0
  const run = await w.run(flow, {
    batchRows: 10,
    workers: 1,
    hit: (point) => {
      if (point === 'batch:recorded' && (batches += 1) === 1) replace()
    },
  })
  expect(run).toMatchObject({ state: 'succeeded', rows: { inserted: 25n } })
  expect(await w.targetRows('SELECT DISTINCT name FROM dst')).toEqual([['old']])
})

test('a tree cannot be read from CSV files', async () => {
  await using w = await openWorld()
  csv(w, 'orders/a.csv', 'id,parent', '1,', '2,1')
  const tree = fromInbox(['orders/*.csv'], { shape: { kind: 'tree', locator: 'id', parent: 'parent', orphans: null } })
  await expect(w.run(tree)).rejects.toThrow(refused('TM4016', /pushdown: a CSV file.*spool: a tree/))
})

test('the spool is gone when the run has ended', async () => {
  await using w = await openWorld()
  csv(w, 'orders/a.csv', 'id,name', '1,x')
  const run = await w.run(flow)
  expect(existsSync(w.workPath(run.id))).toBe(false)
})
