/**
 * The bytes of a text in UTF-8. From 2019 on a collation has that code page; before, the server knows UTF-16 alone, and
 * what is not ASCII is written out character by character, which takes about as long as a hundred other characters.
 */
import { type Sql, sql } from '../sql-text.ts'

/** nvarchar → varbinary(max); NULL stays NULL. */
export type Utf8 = (text: Sql) => Sql

/** SQL Server 2019 */
const HAS_COLLATIONS = 15

/** `major`: of the server; null: Azure's, which is always the newest. */
export const utf8By = (major: number | null): Utf8 =>
  major === null || major >= HAS_COLLATIONS ? utf8ByCollation : utf8ByHand

export const utf8ByCollation: Utf8 = (text) =>
  sql`CONVERT(varbinary(max), CONVERT(varchar(max), ${text} COLLATE Latin1_General_100_BIN2_UTF8))`

/** Of a text that is ASCII for certain: all code pages have its characters at the same places. */
export const asciiBytes: Utf8 = (text) => sql`CONVERT(varbinary(max), CONVERT(varchar(max), ${text}))`

/** Everything but NUL, which a pattern cannot hold. */
const isAscii = (text: Sql): Sql =>
  sql`${text} COLLATE Latin1_General_BIN2 NOT LIKE N'%[^' + NCHAR(1) + N'-' + NCHAR(127) + N']%'`

const unit = (text: Sql, place: Sql): Sql => sql`UNICODE(SUBSTRING(${text} COLLATE Latin1_General_BIN2, ${place}, 1))`

/** Two digits a byte. `n` is what the bytes say from the left. */
const hex = (bytes: 1 | 2 | 3 | 4, n: Sql): Sql => {
  const length = { 1: sql`1`, 2: sql`2`, 3: sql`3`, 4: sql`4` }[bytes]
  return sql`CONVERT(varchar(8), CONVERT(binary(${length}), ${n}), 2)`
}

const HIGH = sql`BETWEEN 55296 AND 56319`
const LOW = sql`BETWEEN 56320 AND 57343`

/** A half without its other one has three bytes of its own, so that no two texts have the same. */
const UNITS = sql`CASE WHEN u.c < 128 THEN ${hex(1, sql`u.c`)}
  WHEN u.c < 2048 THEN ${hex(2, sql`49280 + u.c / 64 * 256 + u.c % 64`)}
  WHEN u.c ${HIGH} AND u.following ${LOW} THEN ${hex(4, sql`CONVERT(bigint, 4034953344) + p.point / 262144 * 16777216 + p.point / 4096 % 64 * 65536 + p.point / 64 % 64 * 256 + p.point % 64`)}
  WHEN u.c ${LOW} AND u.before ${HIGH} THEN ''
  ELSE ${hex(3, sql`14712960 + u.c / 4096 * 65536 + u.c / 64 % 64 * 256 + u.c % 64`)} END`

/** On any version from 2016 on. */
export const utf8ByHand: Utf8 = (text) => {
  const places = sql`OPENJSON(N'[0' + REPLICATE(CONVERT(nvarchar(max), N',0'), DATALENGTH(${text}) / 2 - 1) + N']')`
  const point = sql`CONVERT(bigint, 65536) + (u.c - 55296) * 1024 + u.following - 56320`
  const written = sql`(SELECT ${UNITS}
FROM ${places} AS l CROSS APPLY (SELECT CONVERT(int, l.[key]) + 1 AS n) AS i
CROSS APPLY (SELECT ${unit(text, sql`i.n`)} AS c, ${unit(text, sql`i.n + 1`)} AS following, CASE WHEN i.n > 1 THEN ${unit(text, sql`i.n - 1`)} END AS before) AS u
CROSS APPLY (SELECT ${point} AS point) AS p
ORDER BY i.n FOR XML PATH(''))`
  return sql`CASE WHEN ${isAscii(text)} THEN ${asciiBytes(text)} ELSE CONVERT(varbinary(max), ${written}, 2) END`
}
