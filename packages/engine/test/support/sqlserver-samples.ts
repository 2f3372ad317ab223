/** Values of every type of SQL Server with their extremes, as T-SQL, and the text that each leaves as. */
export interface Sample {
  readonly type: string
  /** as T-SQL, and as it leaves; null: with as many digits as the server likes */
  readonly values: readonly (readonly [sql: string, text: string | null])[]
}

const text = (...values: readonly string[]) =>
  values.map((value) => [`N'${value.replaceAll("'", "''")}'`, value] as const)

/** Level by level two numbers of 48 bits and one of 32: as a FileTable numbers its files. */
export const FILETABLE_PATH = '/281474976710655.99999999999999.4294967295/204211839201473.264371058233107.1874923311/'

const HOSTILE = text('', ' ', ' a ', 'NULL', "it's", 'a\tb\r\nc', '"', '\\', 'שלום ﷺ', '😀', 'e\u0301')

/** What every server of the protocol has. */
export const SAMPLES: readonly Sample[] = [
  {
    type: 'bit',
    values: [
      ['1', '1'],
      ['0', '0'],
    ],
  },
  {
    type: 'tinyint',
    values: [
      ['0', '0'],
      ['255', '255'],
    ],
  },
  {
    type: 'smallint',
    values: [
      ['-32768', '-32768'],
      ['32767', '32767'],
    ],
  },
  {
    type: 'int',
    values: [
      ['-2147483648', '-2147483648'],
      ['2147483647', '2147483647'],
    ],
  },
  {
    type: 'bigint',
    values: [
      ["CONVERT(bigint, N'-9223372036854775808')", '-9223372036854775808'],
      ["CONVERT(bigint, N'9223372036854775807')", '9223372036854775807'],
      ["CONVERT(bigint, N'9007199254740993')", '9007199254740993'],
    ],
  },
  {
    type: 'decimal(38,10)',
    values: [
      [
        "CONVERT(decimal(38,10), N'9999999999999999999999999999.9999999999')",
        '9999999999999999999999999999.9999999999',
      ],
      ["CONVERT(decimal(38,10), N'-0.0000000001')", '-0.0000000001'],
      ['0', '0.0000000000'],
    ],
  },
  {
    type: 'decimal(38,38)',
    values: [
      [
        "CONVERT(decimal(38,38), N'-0.99999999999999999999999999999999999999')",
        '-0.99999999999999999999999999999999999999',
      ],
    ],
  },
  {
    type: 'decimal(38,0)',
    values: [
      ["CONVERT(decimal(38,0), N'99999999999999999999999999999999999999')", '99999999999999999999999999999999999999'],
    ],
  },
  {
    type: 'money',
    values: [
      ["CONVERT(money, N'-922337203685477.5808')", '-922337203685477.5808'],
      ["CONVERT(money, N'922337203685477.5807')", '922337203685477.5807'],
      ["CONVERT(money, N'0.0001')", '0.0001'],
    ],
  },
  {
    type: 'smallmoney',
    values: [
      ["CONVERT(smallmoney, N'-214748.3648')", '-214748.3648'],
      ['0', '0.0000'],
    ],
  },
  {
    type: 'date',
    values: [
      ["'0001-01-01'", '0001-01-01'],
      ["'9999-12-31'", '9999-12-31'],
    ],
  },
  { type: 'time(0)', values: [["'23:59:59'", '23:59:59']] },
  { type: 'time(3)', values: [["'00:00:00.001'", '00:00:00.001']] },
  {
    type: 'datetime2(0)',
    values: [
      ["'0001-01-01 00:00:00'", '0001-01-01 00:00:00'],
      ["'9999-12-31 23:59:59'", '9999-12-31 23:59:59'],
    ],
  },
  { type: 'datetime2(6)', values: [["'2026-02-28 12:34:56.789012'", '2026-02-28 12:34:56.789012']] },
  {
    type: 'datetime',
    values: [
      ["'1753-01-01 00:00:00.000'", '1753-01-01 00:00:00.000'],
      ["'9999-12-31 23:59:59.997'", '9999-12-31 23:59:59.997'],
      ["'2026-01-01 00:00:00.003'", '2026-01-01 00:00:00.003'],
    ],
  },
  {
    type: 'smalldatetime',
    values: [
      ["'1900-01-01 00:00'", '1900-01-01 00:00:00'],
      ["'2079-06-06 23:59'", '2079-06-06 23:59:00'],
    ],
  },
  {
    type: 'datetimeoffset(6)',
    values: [
      ["'2026-01-31 12:00:00.500000 +02:00'", '2026-01-31T12:00:00.5+02:00'],
      ["'2026-01-31 12:00:00 +00:00'", '2026-01-31T12:00:00Z'],
      ["'2026-01-31 12:00:00.123456 -05:30'", '2026-01-31T12:00:00.123456-05:30'],
    ],
  },
  { type: 'nvarchar(20)', values: HOSTILE },
  {
    type: 'nvarchar(max)',
    values: [...HOSTILE, ["REPLICATE(CONVERT(nvarchar(max), N'€'), 100000)", '€'.repeat(100_000)]],
  },
  {
    type: 'nchar(4)',
    values: [
      ["N'ab'", 'ab'],
      ["N'abcd'", 'abcd'],
    ],
  },
  { type: 'varchar(20)', values: text('', 'abc', 'x ') },
  { type: 'char(4)', values: [["'ab'", 'ab']] },
  {
    type: 'uniqueidentifier',
    values: [["'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'", 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11']],
  },
  {
    type: 'varbinary(20)',
    values: [
      ['0x', '0x'],
      ['0x00FF', '0x00FF'],
      ['0x0000', '0x0000'],
    ],
  },
  { type: 'varbinary(max)', values: [['0x5C2E0A00', '0x5C2E0A00']] },
  { type: 'binary(4)', values: [['0x01', '0x01000000']] },
  {
    type: 'float',
    values: [
      ['CONVERT(float, 0.1)', null],
      ['1.7976931348623157E308', null],
      ['-2.2250738585072014E-308', null],
      ['CONVERT(float, 0)', null],
      ['9007199254740993E0', null],
    ],
  },
  {
    type: 'real',
    values: [
      ['CONVERT(real, 0.1)', null],
      ['CONVERT(real, 3.4028235E38)', null],
      ['CONVERT(real, 16777216)', null],
    ],
  },
  { type: 'xml', values: [['N\'<a b="&amp;">שלום</a>\'', '<a b="&amp;">שלום</a>']] },
]

/** What only SQL Server itself has, all of it. */
export const SQL_SERVER_ALONE: readonly Sample[] = [
  {
    type: 'time(7)',
    values: [
      ["'23:59:59.9999999'", '23:59:59.9999999'],
      ["'00:00'", '00:00:00.0000000'],
    ],
  },
  {
    type: 'datetime2(7)',
    values: [["'9999-12-31 23:59:59.9999999'", '9999-12-31 23:59:59.9999999']],
  },
  {
    type: 'datetimeoffset(7)',
    values: [
      ["'9999-12-31 23:59:59.9999999 +00:00'", '9999-12-31T23:59:59.9999999Z'],
      ["'0001-01-01 00:00:00 -14:00'", '0001-01-01T00:00:00-14:00'],
    ],
  },
  {
    type: 'hierarchyid',
    values: [
      ["'/'", '/'],
      ["'/1/2.5/-3/'", '/1/2.5/-3/'],
      [`'${FILETABLE_PATH}'`, FILETABLE_PATH],
    ],
  },
  { type: 'xml', values: [["CONVERT(xml, N'<a> <b/> </a>', 1)", '<a> <b/> </a>']] },
  { type: 'image', values: [['0x00FF', '0x00FF']] },
  { type: 'ntext', values: text('', 'שלום ') },
]
