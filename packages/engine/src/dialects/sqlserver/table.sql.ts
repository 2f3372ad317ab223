/** The target's tables: made, widened, and given the rows of one that was loaded beside. */
import { type FlowRelation, landingTable } from '../contract.ts'
import type { PlannedColumn } from '../planned-column.ts'
import { columnNames } from '../relational/apply.sql.ts'
import {
  type Catalogs,
  keyEquals,
  sidePosition,
  sideTable,
  targetAs,
  targetKey,
  targetTable,
} from '../relational/names.ts'
import { versionDefinitions, versionKey } from '../relational/versions.sql.ts'
import { catalogText, ident, joined, type Sql, sql } from '../sql-text.ts'
import { heldType } from './capture.sql.ts'
import { nameLiteral } from './style.ts'
import { findType } from './type-text.ts'
import { definedAs } from './types.ts'
import { numbering, type Writing } from './verdict.sql.ts'

const list = (items: readonly Sql[]): Sql => joined(items, ', ')
const keys = (r: FlowRelation): Sql => list(r.key.map((k) => ident(k.target)))

/** DDL of a target made from the source's columns. */
export function createTarget(r: FlowRelation, name: Sql): Sql {
  const keySet = new Set(r.key.map((k) => k.target))
  const columns = r.columns.map(
    (x) =>
      sql`${ident(x.target)} ${definedAs(x.targetType)}${keySet.has(x.target) ? catalogText(' NOT NULL') : catalogText(' NULL')}`,
  )
  return sql`CREATE TABLE ${name} (${list([...columns, ...versionDefinitions(r), sql`PRIMARY KEY (${list([keys(r), ...versionKey(r)])})`])})`
}

/** DDL of the columns that the target lacks. */
export const addColumns = (r: FlowRelation, name: Sql): readonly Sql[] =>
  r.columns
    .filter((x) => r.target.adds.includes(x.target))
    .map(
      (x) =>
        sql`IF COL_LENGTH(${catalogText(nameLiteral(name))}, ${catalogText(columnLiteral(x.target))}) IS NULL ALTER TABLE ${name} ADD ${ident(x.target)} ${definedAs(x.targetType)} NULL`,
    )

const columnLiteral = (name: string): string => `N'${name.replaceAll("'", "''")}'`

/** As the target's key compares, which a text that is no code page's says nothing of: else the two could not be joined. */
function keyAsTargets(r: FlowRelation, { target, targetType }: PlannedColumn): Sql {
  const defined = definedAs(targetType)
  const collation = r.target.rules.folded.find((x) => x.column === target)?.collation ?? ''
  const isNamed = collation === '' || findType(targetType)?.encoding !== null
  return isNamed ? defined : sql`${defined} COLLATE ${catalogText(collation)}`
}

/**
 * The table of positions that no column of the target holds, and a view of the target's rows with theirs: a FileTable
 * takes no further column. Made by statements of their own, since a view has to be the only one of its batch.
 */
export function createSide(c: Catalogs, r: FlowRelation, view: Sql): readonly Sql[] {
  if (!r.position || r.position.targetColumn !== null) return []
  const side = sideTable(c, r.target.table)
  const columns = r.key.map((x) => sql`${ident(x.target)} ${keyAsTargets(r, x)} NOT NULL`)
  const position = sql`${sidePosition(r)} ${definedAs(heldType(r.position.type))} NOT NULL`
  const joinedRows = sql`CREATE VIEW ${view} AS SELECT t.*, p.${sidePosition(r)} FROM ${targetTable(c, r.target.table)} AS t LEFT JOIN ${side} AS p ON ${keyEquals(r, targetKey(r, 'p'), targetKey(r, 't'))}`
  return [
    sql`IF OBJECT_ID(${catalogText(nameLiteral(side))}) IS NULL CREATE TABLE ${side} (${list([...columns, position, sql`PRIMARY KEY (${keys(r)})`])})`,
    sql`IF OBJECT_ID(${catalogText(nameLiteral(view))}) IS NULL EXEC (${catalogText(nameLiteral(joinedRows))})`,
  ]
}

export const uniqueBeside = (c: Catalogs, r: FlowRelation, columns: readonly string[], n: number): Sql =>
  sql`CREATE UNIQUE INDEX ${ident(`tidemark_unique_${n}`)} ON ${targetTable(c, landingTable(r))} (${list(columns.map((name) => ident(name)))})`

/** Keys of the target that the table loaded beside lacks, and all its rows. */
export const vanishing = (c: Catalogs, r: FlowRelation): Sql =>
  sql`SELECT COUNT_BIG(CASE WHEN b.${ident(r.key[0]?.target ?? '')} IS NULL THEN 1 END), COUNT_BIG(*)
FROM ${targetTable(c, r.target.table)} AS t LEFT JOIN ${targetTable(c, landingTable(r))} AS b ON ${keyEquals(r, targetKey(r, 'b'), targetKey(r, 't'))}`

/**
 * The target keeps its definition, and rows of other tables that refer to one of its rows keep it: what is gone goes,
 * what is there is changed where it differs, what is new comes. A unique value may change hands: it is looked at when
 * a statement is over.
 */
export function replaceRows(c: Catalogs, r: FlowRelation, writing: Pick<Writing, 'identity'>): readonly Sql[] {
  const target = targetTable(c, r.target.table)
  const beside = targetTable(c, landingTable(r))
  const equals = keyEquals(r, targetKey(r, 't'), targetKey(r, 's'))
  const content = r.columns.filter((x) => x.target !== writing.identity && !r.key.some((k) => k.target === x.target))
  const differs = content.map(
    (x) => sql`NOT (${c.kit.sameContent(x.targetType, ident('t', x.target), ident('s', x.target))})`,
  )
  const insert = sql`INSERT INTO ${target} (${columnNames(r)}) SELECT ${columnNames(r)} FROM ${beside} AS s
WHERE NOT EXISTS (SELECT 1 FROM ${target} AS t WHERE ${equals})`
  return [
    sql`DELETE FROM t FROM ${target} AS t WHERE NOT EXISTS (SELECT 1 FROM ${beside} AS s WHERE ${equals})`,
    ...(content.length === 0
      ? []
      : [
          sql`UPDATE t SET ${list(content.map((x) => sql`${ident(x.target)} = ${ident('s', x.target)}`))}
FROM ${targetAs(c, r.target.table, sql`t`)} JOIN ${beside} AS s ON ${equals} WHERE ${joined(differs, ' OR ')}`,
        ]),
    ...numbering(c, r, writing.identity, insert),
    sql`DROP TABLE ${beside}`,
  ]
}

/** The table beside becomes the target, which is not there yet. */
export const renameBeside = (c: Catalogs, r: FlowRelation): Sql =>
  sql`EXEC sp_rename ${catalogText(nameLiteral(targetTable(c, landingTable(r))))}, ${catalogText(columnLiteral(r.target.table.at(-1) ?? ''))}, N'OBJECT'`
