import { expect, test } from 'vitest'
import { findLogicalType, formatLogicalType } from '@tidemark/contract/logical-type'
import { SCALARS } from './type-text.ts'
import { canBeKey, holderOf, logicalTypeOf, narrowing, positionClass } from './types.ts'

/** every whole-number type with its smallest and greatest value */
const RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = Object.fromEntries(
  (['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT', 'HUGEINT'] as const).flatMap((name, i) => {
    const bits = 8n << BigInt(i)
    return [
      [name, [-(1n << (bits - 1n)), (1n << (bits - 1n)) - 1n]],
      [`U${name}`, [0n, (1n << bits) - 1n]],
    ] as const
  }),
)

test('a whole number fits exactly those whole-number types whose range holds its own', () => {
  for (const [from, [low, high]] of Object.entries(RANGES))
    for (const [to, [least, most]] of Object.entries(RANGES))
      expect([from, to, narrowing(from, to) === null]).toEqual([from, to, least <= low && high <= most])
})

test('a decimal takes exactly the whole-number types whose every value has no more digits', () => {
  for (const [from, [low, high]] of Object.entries(RANGES))
    for (const digits of [2, 3, 4, 5, 6, 9, 10, 11, 18, 19, 20, 28, 38]) {
      const most = 10n ** BigInt(digits) - 1n
      expect([from, digits, narrowing(from, `DECIMAL(${digits},0)`) === null]).toEqual([
        from,
        digits,
        -most <= low && high <= most,
      ])
    }
})

test('a decimal keeps its digits on both sides of the point', () => {
  expect(narrowing('DECIMAL(10,2)', 'DECIMAL(12,4)')).toBeNull()
  expect(narrowing('DECIMAL(10,2)', 'DECIMAL(11,4)')).not.toBeNull()
  expect(narrowing('DECIMAL(10,2)', 'DECIMAL(10,1)')).not.toBeNull()
})

test('times, whole numbers and decimals without a fraction are positions, and nothing else is', () => {
  for (const type of ['TIMESTAMP', 'TIMESTAMP WITH TIME ZONE', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS', 'DATE'])
    expect([type, positionClass(type)]).toEqual([type, 'time'])
  for (const type of [...Object.keys(RANGES), 'DECIMAL(18,0)'])
    expect([type, positionClass(type)]).toEqual([type, 'number'])
  for (const type of ['DECIMAL(18,1)', 'DOUBLE', 'VARCHAR', 'TIME', 'UUID', 'BIGINT[]'])
    expect([type, positionClass(type)]).toEqual([type, null])
})

test('a key needs values that are equal exactly when they are the same', () => {
  for (const type of ['BIGINT', 'VARCHAR', 'UUID', 'BLOB', 'DECIMAL(18,3)', 'TIMESTAMP_NS', "ENUM('a', 'b')"])
    expect([type, canBeKey(type)]).toEqual([type, true])
  for (const type of [
    'DOUBLE',
    'FLOAT',
    'INTERVAL',
    'JSON',
    'VARCHAR[]',
    'INTEGER[3]',
    'STRUCT(a INTEGER)',
    'MAP(VARCHAR, INTEGER)',
  ])
    expect([type, canBeKey(type)]).toEqual([type, false])
})

test('a type goes into the holder of its logical type without a loss, or is held by DuckDB alone', () => {
  const own: string[] = []
  for (const type of [...SCALARS, 'DECIMAL(38,10)', "ENUM('a', 'b')", 'INTEGER[]', 'STRUCT(a INTEGER)']) {
    const logical = logicalTypeOf(type)
    if (logical === null) {
      own.push(type)
      continue
    }
    const holder = holderOf(logical)
    if ('type' in holder) expect([type, holder.type, narrowing(type, holder.type)]).toEqual([type, holder.type, null])
    else expect([type, holder.refused]).toEqual(['TIMESTAMP_NS', expect.stringContaining('1677')])
  }
  expect(own).toEqual([
    'HUGEINT',
    'UHUGEINT',
    'BIGNUM',
    'BIT',
    'TIME WITH TIME ZONE',
    'INTERVAL',
    'VARIANT',
    'GEOMETRY',
    'INTEGER[]',
    'STRUCT(a INTEGER)',
  ])
})

test('a logical type that DuckDB cannot hold is refused with the reason', () => {
  const refused = ['decimal(39,0)', 'timestamp(7)', 'timestamptz(9)'].map((text) => {
    const type = findLogicalType(text)
    return type && [formatLogicalType(type), 'refused' in holderOf(type)]
  })
  expect(refused).toEqual([
    ['decimal(39,0)', true],
    ['timestamp(7)', true],
    ['timestamptz(9)', true],
  ])
})
