/** The table that moves: 12 columns of the usual kinds, about 250 bytes a row, its text hard to compress. */
import type { DuckDBConnection } from '@duckdb/node-api'

export const ORDER_COLUMNS = `id BIGINT, code VARCHAR, customer VARCHAR, note VARCHAR, city VARCHAR, reference UUID,
  amount DECIMAL(18,4), ratio DOUBLE, created_at TIMESTAMP, modified_on TIMESTAMP, due DATE, active BOOLEAN`

/** Hexadecimal text that does not compress, 16 characters a word: cheaper to make than any digest. */
const noise = (seed: string, words: number): string =>
  Array.from({ length: words }, (_, n) => `to_hex(hash(${seed}, ${n}))`).join(" || ' ' || ")

/** Rows with these ids, as they are when a person changed them at `modifiedOn` (SQL); `salt` tells versions apart. */
export const orderRows = (ids: string, modifiedOn: string, salt = 0): string => `
SELECT CAST(i AS BIGINT) AS id,
       'ORD-' || lpad(CAST(i AS VARCHAR), 10, '0') AS code,
       ${noise('i', 2)} AS customer,
       ${noise(`i + ${salt}`, 8)} AS note,
       ['Cardiff', 'Newport', 'Swansea', 'Wrexham', 'Bangor'][1 + CAST(i % 5 AS INTEGER)] AS city,
       CAST(md5(CAST(i * 7 AS VARCHAR)) AS UUID) AS reference,
       CAST((hash(i + ${salt}) % 10000000000) / 10000 AS DECIMAL(18,4)) AS amount,
       CAST(hash(i * 3) % 1000003 AS DOUBLE) / 1000003 AS ratio,
       TIMESTAMP '2025-01-01 00:00:00' + to_seconds(CAST(i AS BIGINT)) AS created_at,
       CAST(${modifiedOn} AS TIMESTAMP) AS modified_on,
       DATE '2025-01-01' + CAST(i % 700 AS INTEGER) AS due,
       i % 3 = 0 AS active
  FROM ${ids} AS r(i)`

/** a past time for each row */
export const OLD = "TIMESTAMP '2025-02-01 00:00:00' + to_milliseconds(CAST(i AS BIGINT))"

/** Makes `orders` in that database. */
export async function makeOrders(db: DuckDBConnection, rows: number): Promise<void> {
  await db.run(`CREATE TABLE orders (${ORDER_COLUMNS})`)
  await db.run(`INSERT INTO orders ${orderRows(`range(${rows})`, OLD)}`)
}
