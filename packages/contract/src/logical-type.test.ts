import { expect, test } from 'vitest'
import { findLogicalType, formatLogicalType, LOGICAL_KINDS } from './logical-type.ts'

const TEXTS = [
  'bool',
  'int16',
  'int32',
  'int64',
  'float32',
  'float64',
  'text',
  'bytes',
  'uuid',
  'date',
  'json',
  'decimal(1,0)',
  'decimal(38,38)',
  'time(0)',
  'timestamp(6)',
  'timestamptz(9)',
]

test('a logical type is known by its text, and every kind has one', () => {
  const types = TEXTS.map((text) => findLogicalType(text))
  expect(types.map((type) => type && formatLogicalType(type))).toEqual(TEXTS)
  expect(new Set(types.map((type) => type?.kind))).toEqual(new Set(LOGICAL_KINDS))
})

test.each([
  '',
  'int8',
  'decimal',
  'decimal(2)',
  'decimal(2,3)',
  'decimal(0,0)',
  'time',
  'time(10)',
  'text(3)',
  'date(1)',
  'timestamp(6,2)',
  ' text',
  'decimal(02,1)',
])('no logical type: %j', (text) => expect(findLogicalType(text)).toBeNull())
