/** Rows as they leave DuckDB in a CSV file: each value as PostgreSQL would write it. */
import { carriedPosition } from '../arrived-relation.ts'
import type { CapturedBatch, FlowRelation, Selection } from '../contract.ts'
import { readsSpool } from '../lanes.ts'
import { isConstant } from '../planned-column.ts'
import { predicates } from '../relational/selection.sql.ts'
import { landingValue } from '../relational/columns.sql.ts'
import { column } from '../relational/names.ts'
import { EMPTY, ident, joined, type Sql, sql, textLiteral } from '../sql-text.ts'
import type { DuckdbCatalogs } from './names.ts'

const DATES: ReadonlySet<string> = new Set([
  'DATE',
  'TIMESTAMP',
  'TIMESTAMP_S',
  'TIMESTAMP_MS',
  'TIMESTAMP_NS',
  'TIMESTAMP WITH TIME ZONE',
])

/** A value as the wire `csv` has it. */
export function leavingValue(type: string, x: Sql): Sql {
  if (type === 'BLOB') return sql`'\\x' || hex(${x})`
  // the text of a far instant is a millisecond off, that of a timestamp never
  if (type === 'TIMESTAMP WITH TIME ZONE')
    return sql`CASE WHEN isfinite(${x}) THEN ${leavingValue('TIMESTAMP', sql`make_timestamp(epoch_us(${x}))`)} || '+00' ELSE CAST(${x} AS VARCHAR) END`
  // years before the first: DuckDB writes (BC), in the middle or at the end
  if (DATES.has(type)) return sql`replace(replace(CAST(${x} AS VARCHAR), '(BC)', 'BC'), '  ', ' ')`
  return x
}

/** The flow's relation as its rows leave: nothing is cast here, for casts name types of the target. */
export const uncast = (r: FlowRelation): FlowRelation => {
  const own = <X extends FlowRelation['columns'][number]>(x: X): X => ({
    ...x,
    cast: null,
    ...(isConstant(x)
      ? { sourceType: 'VARCHAR', targetType: 'VARCHAR' }
      : { targetType: x.mask === null ? x.sourceType : 'VARCHAR' }),
  })
  return { ...r, columns: r.columns.map(own), key: r.key.map(own) }
}

/** `r`: uncast, of the source or of its spool. */
export function departingRows(c: DuckdbCatalogs, r: FlowRelation, selection: Selection, split: CapturedBatch): Sql {
  const { range } = split
  if (range?.kind !== 'rows') throw new TypeError('rows leave DuckDB by their numbers')
  const part = c.source.slice(r.source.table, 'm', BigInt(range.from), BigInt(range.to))
  const carried = carriedPosition(r)
  const columns = [
    ...r.columns.map((x) => sql`${leavingValue(x.targetType, landingValue(c, x))} AS ${ident(x.target)}`),
    ...(carried !== null && r.position
      ? [sql`${leavingValue(r.position.type, column(r.position.ref))} AS ${ident(carried)}`]
      : []),
  ]
  const taken = readsSpool(r)
    ? sql`TRUE`
    : joined(
        predicates(c, r, { ...selection, absent: null }, false).map((p) => sql`(${p})`),
        ' OR ',
        sql`FALSE`,
      )
  return sql`SELECT ${joined(columns, ', ')} FROM ${part.from} AS m WHERE ${part.where} AND (${taken})`
}

/** A single column is quoted: a line of nothing but `\.` would end the data for servers before 18. */
export const writeCsv = (select: Sql, path: string, columns: number): Sql =>
  sql`COPY (${select}) TO ${textLiteral(path)} (FORMAT csv, HEADER FALSE, NULLSTR ''${columns === 1 ? sql`, FORCE_QUOTE *` : EMPTY})`
