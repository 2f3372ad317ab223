/** `docs/type-mapping.md`, its tables made from the code that decides. */
const DUCKDB = '../packages/engine/src/dialects/duckdb'
const { findLoss } = await import(`${DUCKDB}/narrowing.ts`)
const { SCALARS } = await import(`${DUCKDB}/type-text.ts`)
const { canBeKey, holderOf, logicalTypeOf, positionClass } = await import(`${DUCKDB}/types.ts`)
const { canonicalText } = await import(`${DUCKDB}/canonical.sql.ts`)
const { postgresTypes } = await import('./type-mapping-postgres.mjs')
const { sqlserverTypes } = await import('./type-mapping-sqlserver.mjs')
const { ident } = await import('../packages/engine/src/dialects/sql-text.ts')
const { findLogicalType, formatLogicalType } = await import('../packages/contract/src/logical-type.ts')

const NESTED = [
  "ENUM('a', 'b')",
  'INTEGER[]',
  'INTEGER[3]',
  'STRUCT(a INTEGER)',
  'MAP(VARCHAR, INTEGER)',
  'UNION(n INTEGER)',
]
const DECIMALS = ['DECIMAL(9,0)', 'DECIMAL(18,3)', 'DECIMAL(38,0)', 'DECIMAL(38,10)']
const TYPES = [...[...SCALARS].flatMap((type) => (type === 'FLOAT' ? [...DECIMALS, type] : [type])), ...NESTED]
const LOGICAL =
  'bool int16 int32 int64 decimal(38,10) decimal(39,0) float32 float64 text bytes uuid date time(6) time(9) timestamp(0) timestamp(6) timestamp(9) timestamptz(6) timestamptz(9) json'

const code = (text) => `\`${text}\``
const list = (types) => (types.length === 0 ? 'no other' : types.map(code).join(', '))
const table = (head, rows) => [
  `| ${head.join(' | ')} |`,
  `| ${head.map(() => '---').join(' | ')} |`,
  ...rows.map((row) => `| ${row.join(' | ')} |`),
]
const mark = (yes) => (yes ? 'yes' : 'no')

export function typeMappingPage() {
  const others = (type, of) => TYPES.filter((to) => to !== type && (findLoss(type, to)?.of ?? 'nothing') === of)
  return `${[
    '# Type mapping',
    '',
    'What becomes of a value on its way, type by type. The tables are made from the code by `scripts/type-mapping.mjs`; that',
    'they are true is proved with the databases themselves, for every pair of types, by',
    '`packages/engine/test/exact/type-matrix.test.ts`, `packages/engine/test/live/postgres-types.test.ts` and, where there is',
    'a server, `packages/engine/test/live/sqlserver-types.test.ts`.',
    '',
    "A target that Tidemark creates between two DuckDB files has the source's own types, nested and exotic ones too, so",
    'nothing is mapped. Into a target that is there already a column is taken only where every value arrives as it left.',
    '`plan` says so for each column: `lossless`, `narrowed` or `refused`, with the reason; one that is refused stops a run',
    'before its first row (TM4107). Nothing is ever rounded. `narrowed` is a column that the flow casts in so many words',
    '(`columns: { cast: … }`): a row whose value does not fit is a reject. No value passes through JavaScript on its way',
    '([decision 0010](decisions/0010-no-row-objects.md)). Generated columns of the target are left to the target.',
    '',
    '## The types of DuckDB',
    '',
    "A logical type is what other systems know too; DuckDB's own types travel between DuckDB files only. The canonical text",
    'is what hashes are made of: [canonical text](canonical-text.md).',
    '',
    ...table(
      ['type', 'logical type', 'position', 'key', 'canonical text'],
      TYPES.map((type) => {
        const logical = logicalTypeOf(type)
        return [
          code(type),
          logical === null ? "DuckDB's own" : code(formatLogicalType(logical)),
          positionClass(type) ?? 'no',
          mark(canBeKey(type)),
          mark(canonicalText(type, ident('x')) !== null),
        ]
      }),
    ),
    '',
    '## Which type holds which',
    '',
    'Lossless: every value arrives. With a cast: values that do not fit are rejects. In all other types the value would say',
    'something else: a TIMESTAMP is no instant until somebody names its zone, the text of a BLOB is not its bytes, and a',
    'DOUBLE has no tenths. A list, array, struct, map or union is judged by what is in it; fields belong together by name,',
    'an array goes into a list, an enum into one that has its values. A longer DECIMAL has at least the same digits on both',
    'sides of the point.',
    '',
    'A DuckDB file itself keeps a run of floats that are equal as one value, and −0.0 equals 0.0 there: a target in DuckDB may',
    'give back the one for the other. In Parquet files that Tidemark writes they stay apart.',
    '',
    ...table(
      ['from', 'lossless into', 'with a cast into'],
      TYPES.filter((type) => type !== 'VARCHAR').map((type) => [
        code(type),
        list(others(type, 'nothing')),
        list(others(type, 'values')),
      ]),
    ),
    '',
    'A `VARCHAR` is read as any scalar type with a cast, and as none without.',
    '',
    '## What DuckDB holds a logical type in',
    '',
    ...table(
      ['logical type', 'held by'],
      LOGICAL.split(' ').map((text) => {
        const holder = holderOf(findLogicalType(text))
        return [code(text), holder.type === undefined ? `refused: ${holder.refused}` : code(holder.type)]
      }),
    ),
    '',
    ...PROSE,
    '',
    ...postgresTypes({ code, list, table, mark, LOGICAL }),
    '',
    ...sqlserverTypes({ code, list, table, mark, LOGICAL }),
  ].join('\n')}\n`
}

const PROSE = `## What may be a position

| type | floor and tick |
| --- | --- |
| TIMESTAMP, TIMESTAMP WITH TIME ZONE | microsecond |
| TIMESTAMP_NS | microsecond: the clock has no finer |
| TIMESTAMP_MS | millisecond |
| TIMESTAMP_S | second |
| DATE | day: a day is read when it is over |
| TINYINT to HUGEINT, UTINYINT to UHUGEINT, DECIMAL(p,0) | a number: no clock, see *look* in the [glossary](01-glossary.md) |

Other types are refused (TM4003). Sessions run in UTC, whatever the zone of the machine; a TIMESTAMP without zone is taken
as UTC unless \`clock: local\` names its zone. Positions travel as the text that DuckDB prints, and are compared by DuckDB.

A target column holds the position when it has the very same type as the source's. Otherwise, and for a position of a
joined table, a side table in schema \`tidemark\` of the target holds it
([decision 0007](decisions/0007-side-table-for-positions.md)).

## What may be a key

Every type whose equality identifies a row. The others are refused (TM4003). NULL in a key (TM4004) and a key that occurs
twice (TM4005) stop a run before it writes. Locator and parent of a tree must have one type.

## How content is compared

| type | equal when |
| --- | --- |
| VARCHAR | the bytes are equal, whatever the collation |
| FLOAT, DOUBLE | equal with the same sign: −0.0 is not 0.0 |
| INTERVAL, JSON, nested types | equal, and equal as text: 30 days are not a month |
| all others | equal. NULL equals NULL |`.split('\n')
