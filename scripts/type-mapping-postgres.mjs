/** PostgreSQL's part of `docs/type-mapping.md`. */
const POSTGRES = '../packages/engine/src/dialects/postgres'
const { findLoss } = await import(`${POSTGRES}/narrowing.ts`)
const { canBeKey, holderOf, logicalTypeOf, positionClass } = await import(`${POSTGRES}/types.ts`)
const { canonicalText } = await import(`${POSTGRES}/canonical.sql.ts`)
const { ident } = await import('../packages/engine/src/dialects/sql-text.ts')
const { findLogicalType, formatLogicalType } = await import('../packages/contract/src/logical-type.ts')

const TYPES = [
  'boolean',
  'smallint',
  'integer',
  'bigint',
  'oid',
  'numeric(18,3)',
  'numeric(20,0)',
  'numeric',
  'real',
  'double precision',
  'text',
  'character varying(20)',
  'character(5)',
  'name',
  'bytea',
  'uuid',
  'date',
  'time without time zone',
  'time with time zone',
  'timestamp(3) without time zone',
  'timestamp without time zone',
  'timestamp with time zone',
  'interval',
  'json',
  'jsonb',
  'xml',
  'bit(3)',
  'bit varying',
  'inet',
  'cidr',
  'macaddr',
  'macaddr8',
  'int4range',
  'xid8',
  'pg_lsn',
  'integer[]',
  'text[]',
  'money',
  'public.mood /* enum ["sad", "ok"] */',
  'public.pair /* row [["a", "integer"]] */',
  'public.hstore /* base "hstore" */',
]

export function postgresTypes({ code, list, table, mark, LOGICAL }) {
  const others = (type, of) => TYPES.filter((to) => to !== type && (findLoss(type, to)?.of ?? 'nothing') === of)
  return [
    '## The types of PostgreSQL',
    '',
    'The name is the one that the catalog prints. Of a type that somebody made a comment behind the name says what it is, so',
    'that an enum that gained a label is told from what it was. A domain is its base type. The text of a value means the same',
    "in every session of ours: UTC, ISO dates, the shortest digits of a float. A type of PostgreSQL's own travels between",
    'PostgreSQL servers only.',
    '',
    ...table(
      ['type', 'logical type', 'position', 'key', 'canonical text'],
      TYPES.map((type) => {
        const logical = logicalTypeOf(type)
        return [
          code(type),
          logical === null ? "PostgreSQL's own" : code(formatLogicalType(logical)),
          positionClass(type) ?? 'no',
          mark(canBeKey(type)),
          mark(canonicalText(type, ident('x')) !== null),
        ]
      }),
    ),
    '',
    '### Which type of PostgreSQL holds which',
    '',
    'As above. From 16 on the server is asked whether a text is a value of a type; before, a text that is not written in the',
    'plain form of a number, time, uuid, boolean or enum is no value of it, and a cast of a text into another type (json, inet,',
    'ranges, bytea, …) fails the batch where it does not fit.',
    '',
    ...table(
      ['from', 'lossless into', 'with a cast into'],
      TYPES.filter((type) => type !== 'text').map((type) => [
        code(type),
        list(others(type, 'nothing')),
        list(others(type, 'values')),
      ]),
    ),
    '',
    '### What PostgreSQL holds a logical type in',
    '',
    ...table(
      ['logical type', 'held by'],
      LOGICAL.split(' ').map((text) => {
        const holder = holderOf(findLogicalType(text))
        return [code(text), holder.type === undefined ? `refused: ${holder.refused}` : code(holder.type)]
      }),
    ),
    '',
    '### Positions, keys and content in PostgreSQL',
    '',
    'A position is a `date`, a `timestamp` with or without a zone, of any precision, floored to it; a whole number, `numeric`',
    'without a fraction among them; or an `xid8`, with `clock: xid`. A key is of a type whose `=` identifies a row. Content',
    'is compared as bits: texts as bytes whatever the collation, floats with the sign of zero, a `numeric` without a declared',
    'size with its own scale, an interval by its fields, and json, arrays, ranges, composites and what else has no equality',
    'of that kind by its text.',
  ]
}
