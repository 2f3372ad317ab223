/** Are source and target still what the plan saw? Asked by a SELECT that reads no row and keeps both as they are. */
import { type FlowRelation, landingTable } from '../contract.ts'
import { sourceColumns } from '../source-columns.ts'
import { ident, joined, type Sql, sql } from '../sql-text.ts'
import { fromSource } from '../relational/selection.sql.ts'
import { type Catalogs, column, targetTable } from '../relational/names.ts'

/** Every column that batches read and write. Its locks last as long as the transaction, and forbid nothing but an ALTER. */
export const columnsInUse = (c: Catalogs, r: FlowRelation): Sql =>
  sql`SELECT ${joined(
    [...sourceColumns(r).map(({ ref }) => column(ref)), ...r.columns.map((x) => ident('t', x.target))],
    ', ',
  )}
FROM ${fromSource(c, r, true)}, ${targetTable(c, landingTable(r))} AS t LIMIT 0`

/** The same of the target alone. */
export const columnsWritten = (c: Catalogs, r: FlowRelation): Sql =>
  sql`SELECT ${joined(
    r.columns.map((x) => ident('t', x.target)),
    ', ',
  )} FROM ${targetTable(c, landingTable(r))} AS t LIMIT 0`

/** The same of the source alone. */
export const columnsRead = (c: Catalogs, r: FlowRelation): Sql =>
  sql`SELECT ${joined(
    sourceColumns(r).map(({ ref }) => column(ref)),
    ', ',
  )} FROM ${fromSource(c, r, true)} LIMIT 0`
