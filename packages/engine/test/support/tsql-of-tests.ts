/** The statements of the suites in test/semantics, which are DuckDB's, in T-SQL. No parser: the few forms that they use. */

const TEN = '(VALUES (0), (0), (0), (0), (0), (0), (0), (0), (0), (0))'

const NUMBERS = (first: string, end: string, name: string, column: string): string =>
  `(SELECT TOP (${end} - ${first}) ${first} - 1 + ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS ${column} FROM ${['a', 'b', 'c', 'd', 'e', 'f'].map((of) => `${TEN} AS ${of}(x)`).join(' CROSS JOIN ')}) AS ${name}`

/** What `string_agg` would make of numbers, of which a test takes the first ones. */
const CHAIN = `'${Array.from({ length: 100 }, (_, i) => `n${i + 1}`).join('/')}/'`

const UNITS: Readonly<Record<string, string>> = { HOUR: 'hour', MINUTE: 'minute', SECOND: 'second', DAY: 'day' }

/** DuckDB writes no fraction that is none. */
const AS_TEXT = (value: string): string => `REPLACE(CONVERT(nvarchar(400), ${value}, 121), '.000000', '')`

type Rule = readonly [RegExp | string, string | ((...found: (string | undefined)[]) => string)]

const RULES: readonly Rule[] = [
  [
    "VARCHAR GENERATED ALWAYS AS (nullif(regexp_replace(path_locator, '[^/]+/$', ''), '/'))",
    "AS NULLIF(LEFT(path_locator, LEN(path_locator) - CHARINDEX('/', REVERSE(path_locator), 2) + 1), '/')",
  ],
  [' STORED CONSTRAINT', ' PERSISTED CONSTRAINT'],
  [
    'list_sum(list_transform(range(3000), lambda x: (x * id) % 1000003))',
    `(SELECT SUM((x.i * id) % 1000003) FROM ${NUMBERS('0', '3000', 'x', 'i')})`,
  ],
  [/^CREATE TABLE (\w+) AS SELECT (\w+) FROM/, 'SELECT $2 INTO $1 FROM'],
  [/\bSELECT key\b/g, 'SELECT [key]'],
  [/tidemark_position__main__/g, 'tidemark_position__dbo__'],
  [/CAST\(get_current_timestamp\(\) AT TIME ZONE 'UTC' AS TIMESTAMP\)/g, 'CAST(SYSUTCDATETIME() AS datetime2(6))'],
  [/get_current_timestamp\(\)( AT TIME ZONE 'UTC')?/g, 'CAST(SYSUTCDATETIME() AS datetime2(6))'],
  [/TIMESTAMP ('[^']*')/g, 'CAST($1 AS datetime2(6))'],
  [/(CAST\([^()]*(?:\(\))? AS datetime2\(6\)\)) \+ to_seconds\((\w+)\)/g, 'DATEADD(second, $2, $1)'],
  [
    /(CAST\([^()]*(?:\(\))? AS datetime2\(6\)\)) ([-+]) INTERVAL '?(\d+)'? (\w+)'?/g,
    (_, time, sign, n, unit) => `DATEADD(${UNITS[unit ?? ''] ?? unit}, ${sign}${n}, ${time})`,
  ],
  [/\((\w+) \+ INTERVAL '1 HOUR'\)::VARCHAR/g, AS_TEXT('DATEADD(hour, 1, $1)')],
  [
    /\(SELECT string_agg\('n' \|\| j, '\/' ORDER BY j\) FROM range\(1, ([^()]+)\) u\(j\)\)/g,
    (_, end) => `LEFT(${CHAIN}, NULLIF(CHARINDEX(CONCAT('/n', ${end}, '/'), ${CHAIN}), 0) - 1)`,
  ],
  [
    /range\((?:(\d+), )?(\d+)\) (?:AS )?(\w+)\((\w+)\)/g,
    (_, first, end, name, column) => NUMBERS(first ?? '0', end ?? '', name ?? '', column ?? ''),
  ],
  [/('[^']*') \|\| (id?)\b/g, 'CONCAT($1, $2)'],
  [/ \|\| /g, ' + '],
  [/substr\(([^,()]+), (\d+)\)/g, 'SUBSTRING($1, $2, 4000)'],
  [/starts_with\(([^,()]+), ('[^']*')\)/g, 'CHARINDEX($2, $1) = 1'],
  [/([\w.]+)::VARCHAR/g, AS_TEXT('$1')],
  [/CAST\((\w+) AS VARCHAR\)/g, AS_TEXT('$1')],
  // beside a target that ignores case, whose keys it tells apart
  [/CREATE TABLE src \(id VARCHAR\b/g, 'CREATE TABLE src (id nvarchar(400) COLLATE Latin1_General_CS_AS'],
  [/\bVARCHAR COLLATE nocase\b/g, 'nvarchar(400) COLLATE Latin1_General_CI_AS'],
  [/\bVARCHAR\b(?!\()/g, 'nvarchar(400)'],
  [/\bTIMESTAMP\b/g, 'datetime2(6)'],
  [/\bDOUBLE\b/g, 'float'],
  [/\bBOOLEAN\b/g, 'bit'],
  [/\bADD COLUMN\b/g, 'ADD'],
  [/\btrue\b/g, '1'],
  [/\bfalse\b/g, '0'],
  [/\brepeat\(/g, 'REPLICATE('],
  [
    /SELECT (CAST\('[^']*' AS datetime2\(6\)\)) - (CAST\('[^']*' AS datetime2\(6\)\)) BETWEEN INTERVAL '1 HOUR' AND INTERVAL '3600.000001 seconds'/g,
    "SELECT CASE WHEN DATEDIFF_BIG(microsecond, $2, $1) BETWEEN 3600000000 AND 3600000001 THEN 'true' ELSE 'false' END",
  ],
]

export const inTsql = (statement: string): string =>
  RULES.reduce<string>((text, [form, by]) => text.replace(form, by as string), statement)
