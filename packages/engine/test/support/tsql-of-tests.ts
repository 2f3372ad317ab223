/** The statements of the suites in test/semantics, which are DuckDB's, in T-SQL. No parser: the few forms that they use. */

const NUMBERS = (n: string, name: string, column: string): string =>
  `(SELECT TOP (${n}) ROW_NUMBER() OVER (ORDER BY a.object_id) - 1 AS ${column} FROM sys.all_columns AS a CROSS JOIN sys.all_columns AS b) AS ${name}`

const UNITS: Readonly<Record<string, string>> = { HOUR: 'hour', MINUTE: 'minute', SECOND: 'second', DAY: 'day' }

type Rule = readonly [RegExp, string | ((...found: string[]) => string)]

const RULES: readonly Rule[] = [
  [/tidemark_position__main__/g, 'tidemark_position__dbo__'],
  [/CAST\(get_current_timestamp\(\) AT TIME ZONE 'UTC' AS TIMESTAMP\)/g, 'CAST(SYSUTCDATETIME() AS datetime2(6))'],
  [/get_current_timestamp\(\)( AT TIME ZONE 'UTC')?/g, 'CAST(SYSUTCDATETIME() AS datetime2(6))'],
  [/TIMESTAMP ('[^']*')/g, 'CAST($1 AS datetime2(6))'],
  [/(CAST\([^()]*(?:\(\))? AS datetime2\(6\)\)) \+ to_seconds\((\w+)\)/g, 'DATEADD(second, $2, $1)'],
  [
    /(CAST\([^()]*(?:\(\))? AS datetime2\(6\)\)) ([-+]) INTERVAL '?(\d+)'? (\w+)'?/g,
    (_, time, sign, n, unit) => `DATEADD(${UNITS[unit ?? ''] ?? unit}, ${sign}${n}, ${time})`,
  ],
  [/INTERVAL '(\d+) (\w+)'/g, (_, n, unit) => `interval ${n} ${unit}`],
  [/range\((\d+)\) (?:AS )?(\w+)\((\w+)\)/g, (_, n, name, column) => NUMBERS(n ?? '', name ?? '', column ?? '')],
  [/('[^']*') \|\| i\b/g, 'CONCAT($1, i)'],
  [/ \|\| /g, ' + '],
  [/substr\(([^,()]+), (\d+)\)/g, 'SUBSTRING($1, $2, 4000)'],
  [/starts_with\(([^,()]+), ('[^']*')\)/g, 'CHARINDEX($2, $1) = 1'],
  [/([\w.]+)::VARCHAR/g, 'CONVERT(nvarchar(400), $1, 121)'],
  [/CAST\((\w+) AS VARCHAR\)/g, 'CONVERT(nvarchar(400), $1, 121)'],
  [/\bVARCHAR\b(?!\()/g, 'nvarchar(400)'],
  [/\bTIMESTAMP\b/g, 'datetime2(6)'],
  [/\bDOUBLE\b/g, 'float'],
  [/\bBOOLEAN\b/g, 'bit'],
  [/\bADD COLUMN\b/g, 'ADD'],
  [/\btrue\b/g, '1'],
  [/\bfalse\b/g, '0'],
  [/\brepeat\(/g, 'REPLICATE('],
]

export const inTsql = (statement: string): string =>
  RULES.reduce<string>((text, [form, by]) => text.replace(form, by as string), statement)
