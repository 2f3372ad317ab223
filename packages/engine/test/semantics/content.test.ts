import { expect, test } from 'vitest'
import { at } from '../support/flat.ts'
import { flowSpec, openWorld, type World } from '../support/world.ts'

const flow = flowSpec()

/** type, a value, and one that some comparison holds equal to it though it is not */
const LOOKALIKES = [
  ['DOUBLE', '0.0', "'-0.0'"],
  ['FLOAT', "'-0.0'", '0.0'],
  ['VARCHAR', 'NULL', "''"],
  ['VARCHAR', "''", 'NULL'],
  ['VARCHAR', "'a'", "'A'"],
  ['VARCHAR', "'e' || chr(769)", 'chr(233)'],
  ['VARCHAR', "'a'", "'a '"],
  ['INTERVAL', "INTERVAL '1 month'", "INTERVAL '30 days'"],
  ['INTERVAL', "INTERVAL '1 day'", "INTERVAL '24 hours'"],
  ['DOUBLE[]', '[0.0::DOUBLE]', "['-0.0'::DOUBLE]"],
  ['DOUBLE[2]', '[0.0::DOUBLE, NULL]', "['-0.0'::DOUBLE, NULL]"],
  ['STRUCT(a INTERVAL)', "{'a': INTERVAL '1 month'}", "{'a': INTERVAL '30 days'}"],
  ['VARCHAR[]', "['NULL']", '[NULL]'],
  ['VARCHAR[]', '[]', 'NULL'],
  ['MAP(VARCHAR, INTEGER)', "MAP {'a': 1}", "MAP {'a': NULL}"],
  ['UNION(n INTEGER, s VARCHAR)', "union_value(s := '1')", 'union_value(n := 1)'],
  ['BLOB', "'\\x00'::BLOB", "'\\x00\\x00'::BLOB"],
  ['BIT', "'01'::BIT", "'001'::BIT"],
  ['JSON', `'{"a":1}'::JSON`, `'{"a": 1}'::JSON`],
  ['TIMETZ', "'12:00:00+02'", "'10:00:00+00'"],
] as const

/** type and value: must arrive as it left, and be the same when it comes again */
const EXACT = [
  ['BOOLEAN', 'true'],
  ['BIGINT', '9223372036854775807'],
  ['BIGINT', '-9223372036854775808'],
  ['UBIGINT', '18446744073709551615'],
  ['HUGEINT', '170141183460469231731687303715884105727'],
  ['UHUGEINT', '340282366920938463463374607431768211455'],
  ['DECIMAL(38,10)', "'-9999999999999999999999999999.9999999999'"],
  ['DECIMAL(18,3)', '0.001'],
  ['DOUBLE', "'NaN'"],
  ['DOUBLE', "'-NaN'"],
  ['DOUBLE', "'-Infinity'"],
  ['DOUBLE', "'5e-324'"],
  ['FLOAT', '1.17549435e-38'],
  ['VARCHAR', `'a' || chr(10) || '"quoted", ; ' || chr(128512)`],
  ['BLOB', "'\\x00\\xFF\\x80'::BLOB"],
  ['UUID', "'7F8D53EC-B98C-F011-B86B-005056A2DD37'"],
  ['DATE', "'infinity'"],
  ['TIME', "'23:59:59.999999'"],
  ['TIMETZ', "'12:00:00+05:30'"],
  ['TIMESTAMP_NS', "'2262-04-11 23:47:16.854775806'"],
  ['TIMESTAMPTZ', "'1900-01-01 00:00:00.000001+00'"],
  ['TIMESTAMP', "'-infinity'"],
  ['INTERVAL', "INTERVAL '1 month 1 day 1 microsecond'"],
  ['BIT', "'010110'::BIT"],
  ["ENUM ('it''s', 'b?', 'c,d')", "'it''s'"],
  ['STRUCT("a b" INTEGER, c VARCHAR[])', "{'a b': 1, 'c': ['x', NULL]}"],
  ['MAP(VARCHAR, DECIMAL(10,2))', "MAP {'k': 1.10}"],
  ['INTEGER[3]', '[1, NULL, 3]'],
] as const

/** One column and one row for each case; a row has a value in its own column only. */
async function wide(w: World, types: readonly string[]): Promise<void> {
  await w.source(`CREATE TABLE src (id BIGINT, modified_on TIMESTAMP, ${types.map((t, i) => `v${i} ${t}`).join(', ')})`)
}
/** Written anew: DuckDB drops an UPDATE whose value it holds equal to the old one. */
async function write(w: World, values: readonly string[]): Promise<void> {
  const inserts = values.map(
    (v, i) => `INSERT INTO src (id, modified_on, v${i}) VALUES (${i}, TIMESTAMP '${at(1)}', ${v})`,
  )
  await w.source('DELETE FROM src', ...inserts)
}
const texts = (types: readonly string[]) =>
  types.map((_, i) => `SELECT ${i}, v${i}::VARCHAR, typeof(v${i}) FROM t WHERE id = ${i}`).join(' UNION ALL ') +
  ' ORDER BY 1'
const both = async (w: World, types: readonly string[]) => ({
  target: await w.targetRows(`WITH t AS (FROM dst) ${texts(types)}`),
  source: await w.sourceRows(`WITH t AS (FROM src) ${texts(types)}`),
})

test('content is compared binary: −0.0, NULL and empty, case, 30 days and a month, nested values', async () => {
  const types = LOOKALIKES.map(([type]) => type)
  await using w = await openWorld()
  await wide(w, types)
  await write(
    w,
    LOOKALIKES.map(([, before]) => before),
  )
  await w.run(flow)
  await write(
    w,
    LOOKALIKES.map(([, , after]) => after),
  )
  const again = await w.run(flow, { full: true })
  const { target, source } = await both(w, types)
  expect(target).toEqual(source)
  expect(again).toMatchObject({ rows: { updated: BigInt(types.length), skippedSame: 0n } })
})

test('content is compared binary also where the target has columns of its own', async () => {
  const types = LOOKALIKES.map(([type]) => type)
  await using w = await openWorld()
  await wide(w, types)
  await write(
    w,
    LOOKALIKES.map(([, before]) => before),
  )
  await w.run(flow)
  await w.target("ALTER TABLE dst ADD COLUMN remark VARCHAR DEFAULT 'mine'")
  await write(
    w,
    LOOKALIKES.map(([, , after]) => after),
  )
  await w.run(flow, { full: true })
  const { target, source } = await both(w, types)
  expect(target).toEqual(source)
  expect(await w.targetRows('SELECT DISTINCT remark FROM dst')).toEqual([['mine']])
  expect(await w.run(flow, { full: true })).toMatchObject({ rows: { updated: 0n } })
})

test('−0.0 replaces 0.0 in a target with columns of its own: an UPDATE would be dropped', async () => {
  await using w = await openWorld()
  await wide(w, ['DOUBLE'])
  await write(w, ['0.0'])
  await w.target(
    "CREATE TABLE dst (id BIGINT, modified_on TIMESTAMP, v0 DOUBLE, remark VARCHAR DEFAULT 'mine', twice DOUBLE AS (v0 * 2))",
  )
  await w.run(flow)
  await write(w, ["'-0.0'"])
  expect(await w.run(flow, { full: true })).toMatchObject({ rows: { updated: 1n } })
  expect(await w.targetRows('SELECT v0::VARCHAR, remark, twice::VARCHAR FROM dst')).toEqual([['-0.0', 'mine', '-0.0']])
})

test('exact values arrive, and are the same the next time', async () => {
  const types = EXACT.map(([type]) => type)
  await using w = await openWorld()
  await wide(w, types)
  await write(
    w,
    EXACT.map(([, value]) => value),
  )
  expect(await w.run(flow)).toMatchObject({ state: 'succeeded', rows: { inserted: BigInt(types.length) } })
  const { target, source } = await both(w, types)
  expect(target).toEqual(source)
  expect(await w.run(flow, { full: true })).toMatchObject({ rows: { updated: 0n, skippedSame: BigInt(types.length) } })
})

test('a target column whose collation ignores case still sees a change of case', async () => {
  await using w = await openWorld()
  await w.target('CREATE TABLE dst (id BIGINT, name VARCHAR COLLATE NOCASE, modified_on TIMESTAMP)')
  await w.source(
    'CREATE TABLE src (id BIGINT, name VARCHAR, modified_on TIMESTAMP)',
    `INSERT INTO src VALUES (1, 'case', TIMESTAMP '${at(1)}')`,
  )
  await w.run(flow)
  await w.source("UPDATE src SET name = 'CASE'")
  expect(await w.run(flow, { full: true })).toMatchObject({ rows: { updated: 1n } })
  expect(await w.targetRows('SELECT name FROM dst')).toEqual([['CASE']])
})

test('several columns: one that differs is enough', async () => {
  await using w = await openWorld()
  await w.source(
    'CREATE TABLE src (id BIGINT, a INT, b VARCHAR, c DOUBLE, modified_on TIMESTAMP)',
    `INSERT INTO src SELECT i, 1, 'b', 0.0, TIMESTAMP '${at(1)}' FROM range(4) t(i)`,
  )
  await w.run(flow)
  await w.source(
    'UPDATE src SET a = 2 WHERE id = 1',
    'UPDATE src SET b = NULL WHERE id = 2',
    'UPDATE src SET c = 1e-300 WHERE id = 3',
  )
  expect(await w.run(flow, { full: true })).toMatchObject({ rows: { updated: 3n, skippedSame: 1n } })
})
