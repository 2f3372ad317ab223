/** SQL Server's part of `docs/type-mapping.md`. */
const SQLSERVER = '../packages/engine/src/dialects/sqlserver'
const { findLoss, whyUnmoved } = await import(`${SQLSERVER}/narrowing.ts`)
const { canBeKey, copyType, holderOf, logicalTypeOf, positionClass } = await import(`${SQLSERVER}/types.ts`)
const { canonicalText } = await import(`${SQLSERVER}/canonical.sql.ts`)
const { valueText } = await import(`${SQLSERVER}/types.ts`)
const { tsql } = await import(`${SQLSERVER}/style.ts`)
const { catalogText, ident } = await import('../packages/engine/src/dialects/sql-text.ts')
const { findLogicalType, formatLogicalType } = await import('../packages/contract/src/logical-type.ts')

const TYPES = [
  'bit',
  'tinyint',
  'smallint',
  'int',
  'bigint',
  'decimal(18,3)',
  'decimal(38,0)',
  'smallmoney',
  'money',
  'real',
  'float',
  'char(5) /* 1252 Latin1_General_CI_AS */',
  'varchar(50) /* 1252 Latin1_General_CI_AS */',
  'nchar(5)',
  'nvarchar(50)',
  'nvarchar(max)',
  'binary(8)',
  'varbinary(50)',
  'varbinary(max)',
  'rowversion',
  'uniqueidentifier',
  'date',
  'time(7)',
  'smalldatetime',
  'datetime',
  'datetime2(3)',
  'datetime2(7)',
  'datetimeoffset(7)',
  'hierarchyid',
  'xml',
  'json',
  'sql_variant',
  'geometry',
  'geography',
]

export function sqlserverTypes({ code, list, table, mark, LOGICAL }) {
  const others = (type, of) => TYPES.filter((to) => to !== type && (findLoss(type, to)?.of ?? 'nothing') === of)
  const moved = TYPES.filter((type) => whyUnmoved(type) === null)
  return [
    '## The types of SQL Server',
    '',
    'The name is made from the catalog: `numeric` is `decimal`, `timestamp` is `rowversion`, and a type that somebody made of',
    'a built-in one is that one. Of a type whose bytes are those of a code page (`char`, `varchar`, `text`) a comment says',
    'which, and of what collation. In a flow it is written like that, or as `varchar(50) collate Latin1_General_CI_AS`;',
    "without a collation it has the database's own. `text`, `ntext` and `image` are what took their place: `varchar(max)`,",
    '`nvarchar(max)`, `varbinary(max)`.',
    '',
    ...table(
      ['type', 'logical type', 'position', 'key', 'canonical text', 'a column made for it'],
      TYPES.map((type) => {
        const logical = logicalTypeOf(type)
        return [
          code(type),
          logical === null ? "SQL Server's own" : code(formatLogicalType(logical)),
          positionClass(type) ?? 'no',
          mark(canBeKey(type)),
          mark(canonicalText(type, ident('x')) !== null),
          whyUnmoved(type) === null ? code(copyType(type)) : 'none',
        ]
      }),
    ),
    '',
    'A `sql_variant` is refused: each of its values has a type of its own. So is a type of an assembly that somebody made.',
    '`geometry` and `geography` travel between databases of SQL Server only, as the bytes that the server keeps: those that',
    'other systems know say neither the reference system nor the third dimension. A `datetimeoffset` keeps the offset that',
    'it was written with, which an instant elsewhere does not: where a column is made for it, it is one of text, and a flow',
    'that wants the instant says so (`cast: timestamptz`). A `hierarchyid` is its path, `/1/2.5/`, and `xml` its document.',
    '',
    '### The text of a value',
    '',
    'A value leaves SQL Server as this text, and is made of it again: the client of its protocol would round decimals and',
    'money, cut times and lose offsets, and the server itself rounds a float to six digits and money to two.',
    '',
    ...table(
      ['type', 'text'],
      moved.map((type) => [code(type), code(tsql(valueText(type, catalogText('x'))))]),
    ),
    '',
    '### Which type of SQL Server holds which',
    '',
    'As above. What comes out of a conversion is turned back and compared, for the server cuts texts and bytes and rounds',
    'numbers and times in silence. One `varchar` holds another where they have one code page. A text that is not written in',
    'the plain form of a number, time, uuid or path is no value of it: `1,000`, `$1`, a lone sign and the empty text are no',
    'numbers, though the server takes them for some. A `datetime` is told by its three digits, `.003`, and becomes',
    '`.0030000`, not the thirds that the server would make of it. Spaces that fill up a `char` or `nchar` are no part of the',
    'value.',
    '',
    ...table(
      ['from', 'lossless into', 'with a cast into'],
      moved
        .filter((type) => type !== 'nvarchar(max)')
        .map((type) => [code(type), list(others(type, 'nothing')), list(others(type, 'values'))]),
    ),
    '',
    '### What SQL Server holds a logical type in',
    '',
    ...table(
      ['logical type', 'held by'],
      LOGICAL.split(' ').map((text) => {
        const holder = holderOf(findLogicalType(text))
        return [code(text), holder.type === undefined ? `refused: ${holder.refused}` : code(holder.type)]
      }),
    ),
    '',
    '### Positions, keys and content in SQL Server',
    '',
    'A position is a time, floored to its own precision (a `datetime` has three-hundredths of a second, a `smalldatetime` a',
    'minute); a whole number, `decimal` without a fraction among them; or a `rowversion`, with `clock: rowversion`. A key is',
    'of a type that an index can have. Its `=` follows the collation, takes no notice of spaces at the end of a text, nor of',
    'zeros at the end of bytes: keys that differ and are equal are rejects. Content is compared as bits: texts by their',
    'characters whatever collation and code page, floats with the sign of zero, a `datetimeoffset` with its offset, and xml',
    'by its document.',
  ]
}
