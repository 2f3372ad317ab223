/** Are source and target still what the plan saw? SELECTs that are described, and never run. */
import { type FlowRelation, landingTable } from '../contract.ts'
import { sourceColumns } from '../source-columns.ts'
import { ident, joined, type Sql, sql } from '../sql-text.ts'
import { type Catalogs, column, targetTable } from '../relational/names.ts'
import { fromSource } from '../relational/selection.sql.ts'

const list = (items: readonly Sql[]): Sql => joined(items, ', ')

/** Every column that batches read and write. */
export const columnsInUse = (c: Catalogs, r: FlowRelation): Sql =>
  sql`SELECT ${list([...sourceColumns(r).map(({ ref }) => column(ref)), ...r.columns.map((x) => ident('t', x.target))])}
FROM ${fromSource(c, r, true)} CROSS JOIN ${targetTable(c, landingTable(r))} AS t`

/** The same of the target alone. */
export const columnsWritten = (c: Catalogs, r: FlowRelation): Sql =>
  sql`SELECT ${list(r.columns.map((x) => ident('t', x.target)))} FROM ${targetTable(c, landingTable(r))} AS t`

/** The same of the source alone. */
export const columnsRead = (c: Catalogs, r: FlowRelation): Sql =>
  sql`SELECT ${list(sourceColumns(r).map(({ ref }) => column(ref)))} FROM ${fromSource(c, r, true)}`
