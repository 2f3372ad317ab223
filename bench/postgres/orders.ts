/** The same table as `bench/order-table.ts` in PostgreSQL's types, made inside the server. */
import { psql } from './psql.ts'

/** uuid: in no order of the heap, as those that a program makes up */
export type Key = 'bigint' | 'uuid'

const KEYS: Readonly<Record<Key, string>> = { bigint: 'i', uuid: "md5('key' || i)::uuid" }

/** `orders`, empty, with its primary key. */
export const ordersTable = (key: Key): string => `CREATE TABLE orders (${columns(key)}, PRIMARY KEY (id))`

const columns = (key: Key): string => `id ${key}, code text, customer text, note text, city text, reference uuid,
  amount numeric(18,4), ratio double precision, created_at timestamp, modified_on timestamp, due date, active boolean`

/** The columns that a newer version of a row changes the others to: all but the key. */
export const CHANGEABLE = [
  'code',
  'customer',
  'note',
  'city',
  'reference',
  'amount',
  'ratio',
  'created_at',
  'modified_on',
  'due',
  'active',
] as const

/** Hexadecimal text that does not compress, 16 characters a word. */
const noise = (first: number, words: number): string =>
  Array.from({ length: words }, (_, n) => `to_hex(hashint8extended(i, ${first + n}))`).join(" || ' ' || ")

/** Rows with these numbers, as they are when a person changed them at `modifiedOn` (SQL). */
export const orderRows = (key: Key, numbers: string, modifiedOn: string): string => `
SELECT ${KEYS[key]},
       'ORD-' || lpad(i::text, 10, '0'),
       ${noise(0, 2)},
       ${noise(10, 8)},
       (ARRAY['Cardiff', 'Newport', 'Swansea', 'Wrexham', 'Bangor'])[1 + i % 5],
       md5((i * 7)::text)::uuid,
       (abs(hashint8extended(i, 20) % 10000000000) / 10000.0)::numeric(18,4),
       abs(hashint8extended(i, 21) % 1000003)::double precision / 1000003,
       timestamp '2025-01-01 00:00:00' + i * interval '1 second',
       ${modifiedOn},
       date '2025-01-01' + (i % 700)::integer,
       i % 3 = 0
  FROM ${numbers} AS r(i)`

export const numbers = (from: number, upTo: number): string => `generate_series(${from}::bigint, ${upTo - 1}::bigint)`

/** a past time for each row */
const OLD = "timestamp '2025-02-01 00:00:00' + i * interval '1 millisecond'"

/** Makes such a table of so many rows, with its primary key. */
export function makeOrders(url: string, rows: number, key: Key, table: string): void {
  psql(
    url,
    `CREATE TABLE ${table} (${columns(key)})`,
    `INSERT INTO ${table} ${orderRows(key, numbers(0, rows), OLD)}`,
    `ALTER TABLE ${table} ADD PRIMARY KEY (id)`,
    `VACUUM ANALYZE ${table}`,
  )
}
