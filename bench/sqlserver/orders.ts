/** The table that moves: nine columns of the usual kinds, about 250 bytes a row. */
import type { SqlServerSession } from '../../packages/engine/src/drivers/sqlserver.ts'

const ordersWith = (name: string, [code, customer, note, city]: readonly (number | 'max')[]): string =>
  `CREATE TABLE ${name} (id bigint NOT NULL PRIMARY KEY, code nvarchar(${code}) NULL,
  customer nvarchar(${customer}) NULL, note nvarchar(${note}) NULL, city nvarchar(${city}) NULL, reference uniqueidentifier NULL,
  amount decimal(18,4) NULL, modified_on datetime2(6) NULL, active bit NULL)`

export const ordersTable = (name: string): string => ordersWith(name, [50, 100, 400, 40])

/** As it is made for rows whose texts have no limit, those of a file. */
export const tableForFile = (name: string): string => ordersWith(name, ['max', 'max', 'max', 'max'])

/** The columns as texts, as exactly as they are: the client rounds the others. */
export const ORDER_TEXTS = `id, code, customer, note, city, reference, CONVERT(nvarchar(41), amount) AS amount,
  CONVERT(nvarchar(27), modified_on, 121) AS modified_on, active`

/** of one statement */
const ROWS_AT_ONCE = 100_000
const DIGITS = '(VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9))'

/** Makes such a table with its rows, inside the server. */
export async function makeOrders(session: SqlServerSession, name: string, rows: number): Promise<void> {
  await session.script(ordersTable(name))
  for (let from = 0; from < rows; from += ROWS_AT_ONCE) await session.script(insertOrders(name, from, rows))
}

const insertOrders = (name: string, from: number, rows: number): string => `INSERT INTO ${name}
SELECT q.i, N'ORD-' + RIGHT(N'000000000' + CAST(q.i AS nvarchar(20)), 10), N'customer ' + CAST(q.i * 7919 AS nvarchar(20)),
  N'a note, with "marks" and commas, of some length: ' + CAST(q.i * 104729 AS nvarchar(20)) + N' and ' + CAST(q.i * 15485863 AS nvarchar(20)) + N' and what else there is to say of it',
  CASE q.i % 5 WHEN 0 THEN N'Cardiff' WHEN 1 THEN N'Newport' WHEN 2 THEN N'Swansea' WHEN 3 THEN N'Wrexham' ELSE N'Bangor' END,
  NEWID(), CAST(q.i AS decimal(18,4)) / 7, DATEADD(second, q.i, CAST('2025-01-01' AS datetime2(6))), CASE q.i % 3 WHEN 0 THEN 1 ELSE 0 END
FROM (SELECT CAST(${from} AS bigint) + a.n + 10 * b.n + 100 * c.n + 1000 * d.n + 10000 * e.n AS i
  FROM ${DIGITS} AS a(n) CROSS JOIN ${DIGITS} AS b(n) CROSS JOIN ${DIGITS} AS c(n) CROSS JOIN ${DIGITS} AS d(n) CROSS JOIN ${DIGITS} AS e(n)) AS q
WHERE q.i < ${rows}`

/** The same in DuckDB, whose rows arrive. */
export const ORDERS_IN_DUCKDB = (
  rows: number,
): string => `SELECT CAST(i AS BIGINT) AS id, 'ORD-' || lpad(CAST(i AS VARCHAR), 10, '0') AS code,
  'customer ' || i * 7919 AS customer,
  'a note, with "marks" and commas, of some length: ' || i * 104729 || ' and ' || i * 15485863 || ' and what else there is to say of it' AS note,
  ['Cardiff', 'Newport', 'Swansea', 'Wrexham', 'Bangor'][1 + CAST(i % 5 AS INTEGER)] AS city,
  CAST(md5(CAST(i AS VARCHAR)) AS UUID) AS reference, CAST(CAST(i AS DECIMAL(18,4)) / 7 AS DECIMAL(18,4)) AS amount,
  TIMESTAMP '2025-01-01' + to_seconds(CAST(i AS BIGINT)) AS modified_on, i % 3 = 0 AS active FROM range(${rows}) AS r(i)`
