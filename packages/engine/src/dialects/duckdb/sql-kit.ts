/** DuckDB's own words in the statements that all databases share. */
import { createHash } from 'node:crypto'
import { Secret } from '../../runtime/secret.ts'
import type { SqlKit } from '../relational/sql-kit.ts'
import { ident, joined, param, secretParam, type Sql, sql } from '../sql-text.ts'
import { canonicalText } from './canonical.sql.ts'
import { exactCast, tryCast } from './try-cast.sql.ts'
import { byteSize, logicalTypeOf, sameContent } from './types.ts'
import { readableAs } from '../relational/keys-in.sql.ts'
import { typed } from '../relational/names.ts'

const BLOCK = 64

function hmac(key: Secret, text: Sql): Sql {
  const bytes = Buffer.from(key.reveal(), 'utf8')
  const block = Buffer.alloc(BLOCK)
  const short = bytes.length > BLOCK ? createHash('sha256').update(bytes).digest() : bytes
  short.copy(block)
  const pad = (with_: number): Sql => {
    const padded = Buffer.from(block.map((b) => b ^ with_))
    return sql`from_hex(${secretParam(new Secret(padded.toString('hex')))})`
  }
  return sql`sha256(${pad(0x5c)} || from_hex(sha256(${pad(0x36)} || encode(${text}))))`
}

export const duckdbKit: SqlKit = {
  storesRows: false,
  declaresKeys: false,
  keyJson: (parts) =>
    sql`CAST(to_json([${joined(
      parts.map(({ x }) => sql`CAST(${x} AS VARCHAR)`),
      ', ',
    )}]) AS VARCHAR)`,
  listOf: (values, type) =>
    sql`(SELECT CAST(v AS ${typed(type)}) FROM (SELECT unnest(CAST(CAST(${param(JSON.stringify(values))} AS JSON) AS VARCHAR[])) AS v))`,
  readable: (type) => readableAs(logicalTypeOf(type), type === 'VARCHAR'),
  objectsOf: (json) => sql`(SELECT unnest(CAST(${json} AS JSON[])) AS x)`,
  jsonText: (text) => sql`to_json(${text})`,
  textType: 'VARCHAR',
  valueOf: (type, text) => sql`CAST(${text} AS ${typed(type)})`,
  asText: (_, x) => sql`CAST(${x} AS VARCHAR)`,
  isSame: (a, b) => sql`(${a} IS NOT DISTINCT FROM ${b})`,
  collated: (x) => x,
  sameContent,
  bits: (type, x) => (type === 'VARCHAR' ? sql`encode(${x})` : x),
  byteSize,
  canonicalText,
  exactCast,
  tryCast,
  hmac,
  wholeDivision: (a, b) => sql`${a} // ${b}`,
  remakeTable: (name, select) => [sql`CREATE OR REPLACE TABLE ${name} AS ${select}`],
  remakeEmpty: (name, columns) => [sql`CREATE OR REPLACE TABLE ${name} (${columns})`],
  remakeTemp: (name, select) => [sql`CREATE OR REPLACE TEMP TABLE ${name} AS\n${select}`],
  remakeEmptyTemp: (name, columns) => [sql`CREATE OR REPLACE TEMP TABLE ${name} (${columns})`],
  address: (alias) => sql`${ident(alias)}.rowid`,
  epochMs: (timestamp) => sql`epoch_ms(${timestamp})`,
  milliseconds: (n) => sql`to_milliseconds(${n})`,
}
