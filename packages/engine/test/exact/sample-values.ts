/** Values of every type of DuckDB, as SQL: the edges by hand, others by chance. */
import fc from 'fast-check'

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`
const cast = (type: string) => (text: string) => `CAST(${quoted(text)} AS ${type})`

const by = <T>(arbitrary: fc.Arbitrary<T>, show: (value: T) => string): fc.Arbitrary<string> => arbitrary.map(show)
const between = (min: bigint, max: bigint): fc.Arbitrary<string> => by(fc.bigInt(min, max), String)

const digits = (n: number): bigint => 10n ** BigInt(n)
const whole = (min: bigint, max: bigint) => ({
  edges: [min, min + 1n, -1n, 0n, 1n, max - 1n, max].filter((n) => n >= min && n <= max).map(String),
  chance: fc.oneof(between(min, max), between(min > -99n ? min : -99n, max < 99n ? max : 99n)),
})
const bits = (n: bigint) => whole(-(1n << (n - 1n)), (1n << (n - 1n)) - 1n)
const unsignedBits = (n: bigint) => whole(0n, (1n << n) - 1n)

function decimalText(unscaled: bigint, scale: number): string {
  const all = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
  const sign = unscaled < 0n ? '-' : ''
  return scale === 0 ? sign + all : `${sign}${all.slice(0, -scale)}.${all.slice(-scale)}`
}
const decimal = (precision: number, scale: number) => {
  const { edges, chance } = whole(1n - digits(precision), digits(precision) - 1n)
  return {
    edges: edges.map((n) => decimalText(BigInt(n), scale)),
    chance: by(chance, (n) => decimalText(BigInt(n), scale)),
  }
}

const pad = (n: number | bigint, width: number): string => String(n).padStart(width, '0')
/** from a count of `10 ** -fraction` seconds in a day */
function timeText(ticks: bigint, fraction: number): string {
  const one = digits(fraction)
  const seconds = ticks / one
  const clock = `${pad(seconds / 3600n, 2)}:${pad((seconds / 60n) % 60n, 2)}:${pad(seconds % 60n, 2)}`
  return fraction === 0 ? clock : `${clock}.${pad(ticks % one, fraction)}`
}
const time = (fraction: number) => by(fc.bigInt(0n, 86_400n * digits(fraction) - 1n), (n) => timeText(n, fraction))
const date = (from: number, to: number) =>
  by(
    fc.tuple(fc.integer({ min: from, max: to }), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 28 })),
    ([y, m, d]) => {
      const day = `${pad(y > 0 ? y : 1 - y, 4)}-${pad(m, 2)}-${pad(d, 2)}`
      return y > 0 ? day : `${day} (BC)`
    },
  )
const moment = (from: number, to: number, fraction: number) =>
  by(fc.tuple(date(from, to), time(fraction)), ([d, t]) => `${d} ${t}`)

/** what DuckDB's times reach, and what its nanoseconds reach */
const FAR = ['290309-12-22 (BC) 00:00:00', '294247-01-10 04:00:54', '0001-12-31 (BC) 23:59:59', '10000-01-01 00:00:00']
const NEAR = ['1677-09-22 00:00:00', '1969-12-31 23:59:59', '1970-01-01 00:00:00', '2262-04-11 23:47:16']
const ENDS = ['infinity', '-infinity']
const far = (fraction: number, last: string) => ({
  edges: [
    ...FAR,
    ...NEAR,
    ...ENDS,
    ...(last === '' ? [] : [`1969-12-31 23:59:59${last}`, `2024-02-29 12:00:00${last}`]),
  ],
  chance: fc.oneof(moment(-9000, 20_000, fraction), moment(1700, 2200, fraction)),
})

const ODD_TEXTS = [
  '',
  ' ',
  'NULL',
  'a',
  'A',
  'é',
  'é',
  "it's",
  '1',
  '-1',
  '1.50',
  'true',
  '2024-01-31',
  '{"a": 1}',
  '\u{1F600}',
  'a,b',
  '"',
  '\\x41',
]
const fractions = fc.oneof(
  fc.double({ noDefaultInfinity: true, noNaN: true }),
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.integer().map(Number),
)
const floatText = (x: number): string => (Object.is(x, -0) ? '-0.0' : String(x))

interface Samples {
  readonly edges: readonly string[]
  readonly chance: fc.Arbitrary<string>
}

/** type → texts that DuckDB reads as its values */
export const SCALAR_SAMPLES: Readonly<Record<string, Samples>> = {
  BOOLEAN: { edges: ['true', 'false'], chance: fc.constantFrom('true', 'false') },
  TINYINT: bits(8n),
  SMALLINT: bits(16n),
  INTEGER: bits(32n),
  BIGINT: bits(64n),
  HUGEINT: bits(128n),
  UTINYINT: unsignedBits(8n),
  USMALLINT: unsignedBits(16n),
  UINTEGER: unsignedBits(32n),
  UBIGINT: unsignedBits(64n),
  UHUGEINT: unsignedBits(128n),
  BIGNUM: whole(-digits(60), digits(60)),
  'DECIMAL(4,0)': decimal(4, 0),
  'DECIMAL(4,1)': decimal(4, 1),
  'DECIMAL(2,2)': decimal(2, 2),
  'DECIMAL(9,2)': decimal(9, 2),
  'DECIMAL(15,0)': decimal(15, 0),
  'DECIMAL(18,3)': decimal(18, 3),
  'DECIMAL(19,0)': decimal(19, 0),
  'DECIMAL(20,0)': decimal(20, 0),
  'DECIMAL(38,0)': decimal(38, 0),
  'DECIMAL(38,10)': decimal(38, 10),
  'DECIMAL(38,38)': decimal(38, 38),
  FLOAT: {
    edges: [
      '0.0',
      '-0.0',
      'nan',
      '-nan',
      'inf',
      '-inf',
      '1e-45',
      '1.17549435e-38',
      '3.4028235e38',
      '0.1',
      '16777216',
      '16777215',
      '1e15',
      '1e16',
      '0.0001',
      '0.00001',
      '1.5',
    ],
    chance: by(fractions, (x) => floatText(Math.fround(x))),
  },
  DOUBLE: {
    edges: [
      '0.0',
      '-0.0',
      'nan',
      '-nan',
      'inf',
      '-inf',
      '5e-324',
      '2.2250738585072014e-308',
      '1.7976931348623157e308',
      '0.1',
      '9007199254740991',
      '9007199254740993',
      '1e15',
      '1e16',
      '1e17',
      '0.0001',
      '0.00001',
      '1.5',
      '100',
    ],
    chance: by(fractions, floatText),
  },
  VARCHAR: { edges: ODD_TEXTS, chance: fc.string({ unit: 'binary' }).map((s) => s.replaceAll('\0', '')) },
  JSON: { edges: ['null', '1', '"x"', '{"a": 1}', '{"a":1}', '[1, 2]', '""', 'true'], chance: fc.json() },
  BLOB: {
    edges: ['', '\\x00', '\\xFF\\x00', 'a', '\\x5C', '\\x5Cx41'],
    chance: by(fc.uint8Array({ maxLength: 12 }), (b) =>
      [...b].map((x) => `\\x${x.toString(16).padStart(2, '0')}`).join(''),
    ),
  },
  BIT: {
    edges: ['0', '1', '01', '001', '0'.repeat(70)],
    chance: fc.string({ unit: fc.constantFrom('0', '1'), minLength: 1, maxLength: 70 }),
  },
  UUID: {
    edges: [
      '00000000-0000-0000-0000-000000000000',
      'ffffffff-ffff-ffff-ffff-ffffffffffff',
      '7F8D53EC-B98C-F011-B86B-005056A2DD37',
    ],
    chance: fc.uuid(),
  },
  DATE: {
    edges: [
      '5877642-06-25 (BC)',
      '5881580-07-10',
      '0001-01-01',
      '0001-12-31 (BC)',
      '9999-12-31',
      '10000-01-01',
      '2024-02-29',
      ...ENDS,
    ],
    chance: date(-9000, 20_000),
  },
  TIME: { edges: ['00:00:00', '23:59:59.999999', '24:00:00', '12:00:00.5', '12:00:00.000001'], chance: time(6) },
  TIME_NS: { edges: ['00:00:00', '23:59:59.999999999', '24:00:00', '12:00:00.000000001'], chance: time(9) },
  'TIME WITH TIME ZONE': {
    edges: ['12:00:00+00', '12:00:00.5+05:30', '12:00:00-15:59:59', '12:00:00+15:59:59', '10:00:00+00', '24:00:00+00'],
    chance: by(fc.tuple(time(6), fc.constantFrom('+00', '-03', '+05:45', '+01:02:03')), ([t, zone]) => t + zone),
  },
  TIMESTAMP: far(6, '.999999'),
  TIMESTAMP_S: far(0, ''),
  TIMESTAMP_MS: far(3, '.999'),
  TIMESTAMP_NS: {
    edges: [...NEAR, ...ENDS, '1969-12-31 23:59:59.999999999', '2262-04-11 23:47:16.854775806'],
    chance: moment(1700, 2200, 9),
  },
  'TIMESTAMP WITH TIME ZONE': {
    edges: [...FAR, ...NEAR, ...ENDS, '2024-01-31 12:00:00.5+02'],
    chance: moment(-9000, 20_000, 6),
  },
  INTERVAL: {
    edges: [
      '0 seconds',
      '1 month',
      '30 days',
      '24 hours',
      '1 day',
      '-1 month',
      '-14 months 3 days -04:05:06.7',
      '100 hours',
      '1 microsecond',
      '-4.5 seconds',
    ],
    chance: by(
      fc.tuple(
        fc.integer({ min: -1e6, max: 1e6 }),
        fc.integer({ min: -1e6, max: 1e6 }),
        fc.integer({ min: -1e12, max: 1e12 }),
      ),
      ([m, d, us]) => `${m} months ${d} days ${us} microseconds`,
    ),
  },
  "ENUM('a', 'it''s')": { edges: ['a', "it's"], chance: fc.constantFrom('a', "it's") },
  "ENUM('b', 'it''s', 'a')": { edges: ['a', 'b', "it's"], chance: fc.constantFrom('a', 'b', "it's") },
}

/** type → SQL of its values */
export const NESTED_SAMPLES: Readonly<Record<string, readonly string[]>> = {
  'TINYINT[]': ['[]', '[NULL]', '[-128, 127, NULL]', 'NULL'],
  'INTEGER[]': ['[]', '[NULL]', '[-2147483648, 2147483647]', '[1, 2]'],
  'INTEGER[2]': ['[-2147483647, NULL]', '[1, 2]', '[NULL, NULL]'],
  'INTEGER[2][]': ['[]', '[[1, 2], NULL, [3, NULL]]'],
  'BIGINT[]': ['[]', '[NULL]', '[9223372036854775807]', '[1, 2]'],
  'BIGINT[2]': ['[9223372036854775807, 1]', '[1, 2]'],
  'DOUBLE[]': ["['-0.0'::DOUBLE]", "['nan'::DOUBLE, NULL]", '[0.0]', '[0.1]'],
  'FLOAT[]': ["['-0.0'::FLOAT]", '[0.1]', '[1.5]'],
  'VARCHAR[]': ["['NULL']", '[NULL]', "['']", '[]', "['a, b', '[']"],
  'BIGINT[][]': ['[[1], NULL, []]', '[[9223372036854775807]]'],
  'STRUCT(a INTEGER, "b c" VARCHAR)': [
    "{'a': 1, 'b c': NULL}",
    "{'a': NULL, 'b c': ''}",
    "{'a': 2147483647, 'b c': 'x'}",
  ],
  'STRUCT("b c" VARCHAR, A BIGINT)': ["{'b c': 'x', 'A': 9223372036854775807}", "{'b c': NULL, 'A': 1}"],
  'STRUCT(a INTEGER)': ["{'a': 1}", "{'a': NULL}"],
  'STRUCT(a INTEGER, d VARCHAR)': ["{'a': 1, 'd': 'x'}"],
  'MAP(VARCHAR, INTEGER)': ["MAP {'a': 1, 'b': NULL}", 'MAP {}'],
  'MAP(VARCHAR, BIGINT)': ["MAP {'a': 9223372036854775807}", "MAP {'a': 1}", 'MAP {}'],
  'UNION(n INTEGER, s VARCHAR)': ['union_value(n := 1)', "union_value(s := '1')", 'union_value(n := NULL)'],
  'UNION(n BIGINT, s VARCHAR)': [
    'union_value(n := 9223372036854775807)',
    'union_value(n := 1)',
    "union_value(s := '1')",
  ],
  'UNION(n VARCHAR, s VARCHAR)': ["union_value(n := '1')", "union_value(n := 'x')", "union_value(s := '1')"],
  VARIANT: ['1::VARIANT', "'1'::VARIANT", "{'a': 1}::VARIANT"],
  GEOMETRY: ["'POINT(1 2)'::GEOMETRY"],
}

/** type → SQL of values, each of that type */
export const samplesOf = (type: string, byChance: number): readonly string[] => {
  const scalar = SCALAR_SAMPLES[type]
  if (scalar === undefined) return (NESTED_SAMPLES[type] ?? []).map((v) => `CAST(${v} AS ${type})`)
  return [...scalar.edges, ...fc.sample(scalar.chance, byChance)].map(cast(type))
}
