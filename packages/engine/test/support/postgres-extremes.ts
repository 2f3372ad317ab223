/** Every type of PostgreSQL's with its extremes, and what it takes to say that two tables hold the same bits. */
import type { TestDatabase } from './postgres-database.ts'

/** what people make themselves */
export const OWN_TYPES: readonly string[] = [
  `CREATE TYPE mood AS ENUM ('sad', 'it''s "ok", {so}', '')`,
  'CREATE TYPE "Odd Pair" AS (a int, "b ""c" text, d mood)',
  'CREATE TYPE span AS RANGE (subtype = float8)',
]
/** what a value has to be; a copy of it has its base type */
export const DOMAINS: readonly string[] = [
  'CREATE DOMAIN positive AS integer CHECK (VALUE > 0)',
  'CREATE DOMAIN short AS varchar(3)',
]

const deep = `repeat('[', 500) || '12345678901234567890123456789012345678901234567890, -0.10, 1e300' || repeat(']', 500)`
const HOSTILE: readonly string[] = [
  "''",
  "'NULL'",
  "'\\N'",
  "'\\.'",
  `E'a\\n\\\\.\\nb'`,
  `'"'`,
  `'""'`,
  `E'a,"b"\\r\\nc\\rd\\te'`,
  `E'\\\\x00\\\\0\\x01\\x7f'`,
  "' spaces '",
  "'שלום ﷺ 😀 e\u0301 \u200f\u202e'",
  "'#'",
  "repeat('€', 350000)",
]
const multi = (of: readonly string[]) => of.map((v) => `'${v}'`)

/** Column type → SQL of its values. Both sides of a binary COPY mean the same by them. */
export const ALIKE: Readonly<Record<string, readonly string[]>> = {
  boolean: ['true', 'false'],
  smallint: ['-32768', '32767'],
  integer: ['-2147483648', '2147483647'],
  bigint: ["'-9223372036854775808'", '9223372036854775807', '9007199254740993'],
  numeric: multi(['NaN', 'Infinity', '-Infinity', '1.00', '-0.000', '1e-300', '123456789012345678901234567890.5e200']),
  'numeric(38,10)': multi(['9999999999999999999999999999.9999999999', '-0.0000000001', '0', 'NaN']),
  'numeric(5,2)': multi(['999.99', '-999.99', 'NaN']),
  real: multi(['NaN', 'Infinity', '-Infinity', '-0', '1e-45', '3.4028235e38', '16777217', '0.1']),
  'double precision': multi(['NaN', 'Infinity', '-Infinity', '-0', '5e-324', '1.7976931348623157e308', '1e23', '0.1']),
  text: HOSTILE,
  'varchar(3)': multi(['', 'abc', 'x ', '€€€']),
  'char(4)': multi(['', 'ab', 'abcd']),
  name: multi(['', 'a_name']),
  bytea: ["''", "'\\x00'", "'\\x5c2e0a'", "'\\xff00fe'", "'x,\"y'"],
  uuid: multi(['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff']),
  date: multi(['0001-01-01', '9999-12-31', '4713-01-01 BC', '0001-12-31 BC', '5874897-12-31', 'infinity', '-infinity']),
  time: multi(['00:00', '24:00', '23:59:59.999999', '00:00:00.000001']),
  'time(0)': multi(['12:34:56']),
  timetz: multi(['00:00+15:59', '24:00-15:59', '12:34:56.789012+05:30']),
  timestamp: multi([
    '0001-01-01',
    '9999-12-31 23:59:59.999999',
    '4713-01-01 BC',
    '0044-03-15 10:00:00.5 BC',
    '294246-01-01',
    'infinity',
    '-infinity',
  ]),
  'timestamp(3)': multi(['2026-01-01 10:00:00.123']),
  timestamptz: multi([
    '0001-01-01 00:00+00',
    '9999-12-31 23:59:59.999999+00',
    '4713-01-01 00:00+00 BC',
    '0044-03-15 10:00:00.5+00 BC',
    '294246-01-01 00:00+00',
    'infinity',
    '-infinity',
  ]),
  interval: multi(['1 mon', '30 days', '-1 year 2 days -03:04:05.678901', '0', '1 mon -1 day', '178000000 years']),
  json: [
    `'{"b": 1,  "a": [1.0, 1e2], "a": null}'`,
    `'"\\u0000"'`,
    "'null'",
    `'"שלום 😀"'`,
    `CAST(${deep} AS json)`,
    "'1e400'",
  ],
  jsonb: [
    `'{"b": 12345678901234567890, "a": [1.0, ""]}'`,
    "'null'",
    `'"x\\n\\"y"'`,
    `CAST(${deep} AS jsonb)`,
    "'1e400'",
  ],
  'bit(3)': ["B'101'"],
  varbit: ["B''", "B'1010101010'"],
  inet: multi(['10.0.0.1', '10.0.0.1/8', '::1', 'ffff::/16']),
  cidr: multi(['10.0.0.0/8', '::/0']),
  macaddr: multi(['08:00:2b:01:02:03']),
  macaddr8: multi(['08:00:2b:01:02:03:04:05']),
  int4range: multi(['[1,5)', 'empty', '(,)', '(,5)']),
  numrange: multi(['[1.00,2.5]', 'empty']),
  tstzrange: multi(['[2026-01-01 00:00:00.000001+00,infinity)', '(,)']),
  int8multirange: multi(['{[1,5),[7,9223372036854775807)}', '{}']),
  datemultirange: multi(['{[2026-01-01,2026-02-01),[2027-01-01,)}']),
  'integer[]': multi(['{1,NULL,3}', '{}', '{{1,2},{3,4}}', '[0:1]={5,6}']),
  'text[]': [`ARRAY['', NULL, 'NULL', 'a,"b"', '{}', E'\\\\.\\n']`, "'{}'"],
  'numeric(10,2)[]': multi(['{1.00,NaN}']),
  'timestamptz[]': multi(['{"2026-01-01 00:00:00.000001+00",infinity}']),
  'bytea[]': [`ARRAY['\\x00'::bytea, '\\x22']`],
  tsvector: [`'a fat cat'::tsvector`],
  pg_lsn: multi(['16/B374D848']),
  xid8: multi(['18446744073709551615']),
  point: multi(['(0.1,-0)']),
  positive: ['1', '2147483647'],
  'positive[]': multi(['{1,2147483647,NULL}', '{}']),
  short: multi(['', 'abc']),
}

/** Those whose bytes mean something else in another database, or whose text is not what they hold. */
export const BY_TEXT: Readonly<Record<string, readonly string[]>> = {
  mood: multi(['sad', `it''s "ok", {so}`, '']),
  'mood[]': [`ARRAY['sad', 'it''s "ok", {so}', '', NULL]::mood[]`, "'{}'"],
  '"Odd Pair"': [`ROW(1, E'a,"b"\\n)', 'sad')::"Odd Pair"`, `ROW(NULL, '', NULL)::"Odd Pair"`],
  '"Odd Pair"[]': [`ARRAY[ROW(1, '', 'sad')::"Odd Pair", NULL]`],
  span: multi(['[-0,0.1)', 'empty', '(,Infinity]']),
  spanmultirange: [`'{[1,2),[3,4)}'::span_multirange`],
  xml: [`'<?xml version="1.0" encoding="UTF-8"?><a b="&amp;">שלום</a>'`, `'<a/> text'`],
  'xml[]': [`ARRAY['<?xml version="1.0" encoding="UTF-8"?><a/>'::xml, NULL]`],
  regtype: multi(['integer', 'mood']),
}

const sqlName = (type: string): string => (type === 'spanmultirange' ? 'span_multirange' : type)
const columnOf = (_: string, i: number): string => `c${i}`

/** A table `t` with a column of each type, row by row a value of each. */
export function tableOf(values: Readonly<Record<string, readonly string[]>>): {
  readonly table: string
  readonly rows: readonly string[]
} {
  const types = Object.keys(values)
  const most = Math.max(...Object.values(values).map((v) => v.length))
  const columns = types.map((type, i) => `${columnOf(type, i)} ${sqlName(type)}`)
  const row = (n: number): string =>
    `INSERT INTO t VALUES (${[n, "'2026-01-01'", ...types.map((type) => values[type]?.[n] ?? 'NULL')].join(', ')})`
  return {
    table: `CREATE TABLE t (id bigint PRIMARY KEY, modified_on timestamptz NOT NULL, ${columns.join(', ')})`,
    rows: Array.from({ length: most + 1 }, (_, n) => row(n)),
  }
}

/** Digests of each value's text, and of its bytes where they mean the same everywhere; an array's say what its elements are. */
export async function bitsOf(db: TestDatabase, table = 't'): Promise<readonly (readonly (string | null)[])[]> {
  const columns = await db.rows(
    `SELECT quote_ident(a.attname), b.typsend::text, b.oid < 16384 AND b.typcategory <> 'A' AND b.typsend <> 0 AND b.typname NOT LIKE 'reg%'
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
JOIN pg_type b ON b.oid = CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END
WHERE a.attrelid = '${table}'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
  )
  const bits = columns.flatMap(([name, send, alike]) => [
    `md5(${name}::text)`,
    ...(alike === 't' ? [`md5(${send}(${name}))`] : []),
  ])
  return await db.rows(`SELECT id, ${bits.join(', ')} FROM ${table} ORDER BY id`)
}
