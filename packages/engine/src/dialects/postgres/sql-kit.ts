/** PostgreSQL's own words in the statements that all databases share. */
import { createHash } from 'node:crypto'
import { Secret } from '../../runtime/secret.ts'
import type { SqlKit } from '../relational/sql-kit.ts'
import { readableAs } from '../relational/keys-in.sql.ts'
import { typed } from '../relational/names.ts'
import { ident, joined, param, secretParam, type Sql, sql } from '../sql-text.ts'
import { canonicalText } from './canonical.sql.ts'
import { casts } from './try-cast.sql.ts'
import { byteSize, comparable, logicalTypeOf, sameContent, TEXTS } from './types.ts'
import { findType } from './type-text.ts'

const BLOCK = 64

function hmac(key: Secret, text: Sql): Sql {
  const bytes = Buffer.from(key.reveal(), 'utf8')
  const block = Buffer.alloc(BLOCK)
  const short = bytes.length > BLOCK ? createHash('sha256').update(bytes).digest() : bytes
  short.copy(block)
  const pad = (with_: number): Sql => {
    const padded = Buffer.from(block.map((b) => b ^ with_))
    return sql`decode(${secretParam(new Secret(padded.toString('hex')))}, 'hex')`
  }
  return sql`encode(sha256(${pad(0x5c)} || sha256(${pad(0x36)} || convert_to(${text}, 'UTF8'))), 'hex')`
}

/** `serverVersion`: as `server_version_num` says, 160004; from 16 on a cast can be asked whether it would fail. */
export function postgresKit(serverVersion: number): SqlKit {
  return {
    storesRows: true,
    declaresKeys: true,
    keyJson: (parts) =>
      sql`CAST(array_to_json(ARRAY[${joined(
        parts.map(({ x }) => sql`CAST(${x} AS text)`),
        ', ',
      )}]) AS text)`,
    listOf: (values, type) =>
      sql`(SELECT CAST(v AS ${typed(type)}) FROM json_array_elements_text(CAST(${param(JSON.stringify(values))} AS json)) AS l(v))`,
    readable: (type) => readableAs(logicalTypeOf(type), TEXTS.has(findType(type)?.name ?? '')),
    objectsOf: (json) => sql`(SELECT value AS x FROM json_array_elements(CAST(${json} AS json)))`,
    jsonText: (text) => sql`CAST(to_json(CAST(${text} AS text)) AS text)`,
    textType: 'VARCHAR',
    valueOf: (type, text) => sql`CAST(${text} AS ${typed(type)})`,
    asText: (_, x) => sql`CAST(${x} AS VARCHAR)`,
    isSame: (a, b) => sql`(${a} IS NOT DISTINCT FROM ${b})`,
    collated: (x) => x,
    sameContent,
    bits: (type, x) => (TEXTS.has(findType(type)?.name ?? '') ? comparable(type)(x) : x),
    byteSize,
    canonicalText,
    ...casts(serverVersion),
    hmac,
    // a sum of BIGINTs is a numeric, whose division is not exact
    wholeDivision: (a, b) => sql`CAST(div(${a}, ${b}) AS bigint)`,
    remakeTable: (name, select) => [sql`DROP TABLE IF EXISTS ${name}`, sql`CREATE UNLOGGED TABLE ${name} AS ${select}`],
    remakeEmpty: (name, columns) => [
      sql`DROP TABLE IF EXISTS ${name}`,
      sql`CREATE UNLOGGED TABLE ${name} (${columns})`,
    ],
    // a temporary relation is found by its bare name, whatever the search path
    remakeTemp: (name, select) => [
      sql`DROP TABLE IF EXISTS pg_temp.${name}`,
      sql`CREATE TEMP TABLE ${name} ON COMMIT DROP AS\n${select}`,
    ],
    remakeEmptyTemp: (name, columns) => [
      sql`DROP TABLE IF EXISTS pg_temp.${name}`,
      sql`CREATE TEMP TABLE ${name} (${columns}) ON COMMIT DROP`,
    ],
    address: (alias) => sql`${ident(alias)}.ctid`,
    epochMs: (timestamp) => sql`CAST(floor(extract(epoch FROM ${timestamp}) * 1000) AS bigint)`,
    milliseconds: (n) => sql`(${n} * interval '1 millisecond')`,
  }
}
