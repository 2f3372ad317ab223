/** Are source and target still what the plan saw? Asked by binding a statement, which reads no row and no catalog view. */
import { type FlowRelation, landingTable } from '../contract.ts'
import { sourceColumns } from '../source-columns.ts'
import { EMPTY, ident, joined, type Sql, sql } from '../sql-text.ts'
import { fromSource } from '../relational/selection.sql.ts'
import { type Catalogs, column, targetTable } from '../relational/names.ts'

/** The types of every column that batches read, and write where the target is a table, in the order of `changedTypes`. */
export function describeColumns(c: Catalogs, r: FlowRelation, isTable: boolean): Sql {
  const written = isTable ? r.columns.map((x) => ident('t', x.target)) : []
  const target = isTable ? sql`, ${targetTable(c, landingTable(r))} AS t` : EMPTY
  return sql`DESCRIBE SELECT ${joined([...sourceColumns(r).map(({ ref }) => column(ref)), ...written], ', ')}
FROM ${fromSource(c, r, true)}${target}`
}

/** The same of the target alone, where another engine reads the source. */
export const describeWritten = (c: Catalogs, r: FlowRelation): Sql =>
  sql`DESCRIBE SELECT ${joined(
    r.columns.map((x) => ident('t', x.target)),
    ', ',
  )} FROM ${targetTable(c, landingTable(r))} AS t`
