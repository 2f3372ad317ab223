/** The tables of a capture that takes all rows out itself, and what is said to the source and the target for it. */
import type { CapturedBatch, FlowRelation, Selection } from '../contract.ts'
import type { EmbeddedStatements, EmbeddedTables } from '../embedded-work.ts'
import { deletable, deleteGone } from '../relational/delete.sql.ts'
import { targetTable, work } from '../relational/names.ts'
import { predicates } from '../relational/selection.sql.ts'
import { andLive, keepsVersions } from '../relational/versions.sql.ts'
import { printable, type Sql, sql } from '../sql-text.ts'
import { csvRelation } from './arrived-csv.ts'
import type { Arrivals } from './arrivals.ts'
import { copyImage } from './image.sql.ts'
import type { DuckdbCatalogs } from './names.ts'
import { markSpooled, spoolRows } from './spool.sql.ts'

export const embeddedTables = (c: DuckdbCatalogs): EmbeddedTables => ({
  spool: work(c, 'spool'),
  gone: work(c, 'gone'),
  markSpooled: () => markSpooled(c),
  deletable: (relation) => deletable(c, relation),
})

/** The target's rows; of versions the live ones. */
export function heldRows(c: DuckdbCatalogs, r: FlowRelation): Sql {
  const table = targetTable(c, r.target.table)
  return keepsVersions(r) ? sql`(SELECT * FROM ${table} AS t WHERE TRUE${andLive(r, 't')})` : table
}

/** `arrivals` null: the source is read here. */
export const embeddedStatements = (c: DuckdbCatalogs, arrivals: Arrivals | null): EmbeddedStatements => ({
  ...embeddedTables(c),
  target: (relation) => heldRows(c, relation),
  bring: () => [],
  takeOut: (flow: FlowRelation, selection: Selection, path: string) => {
    if (arrivals === null)
      return [printable(copyImage(c, flow, spoolRows(c, flow, predicates(c, flow, selection, true)), path))]
    const r = arrivals.relation(flow)
    const file = csvRelation(r, { path: `${path}.csv`, bytes: 0n }, false)
    return [arrivals.explainAll(flow, selection), printable(copyImage(c, r, sql`FROM ${file}`, path))]
  },
  remove: (relation: FlowRelation, split: CapturedBatch) => deleteGone(c, relation, split),
})
