/** The flow's own queue, read once: what is checked is what is taken. */
import type { FlowRelation, WindowBounds } from '../contract.ts'
import type { PlannedTemplate } from '../planned-steps.ts'
import { type Catalogs, keyName, work } from '../relational/names.ts'
import { queuedKeys } from '../relational/template.sql.ts'
import { joined, type Sql, sql } from '../sql-text.ts'

/** Made without parameters, so that it stays for the session: like the captured keys. */
export function readQueue(
  c: Catalogs,
  r: FlowRelation,
  template: PlannedTemplate,
  window: WindowBounds | null,
  targetExists: boolean,
): readonly Sql[] {
  const keys = joined(
    r.key.map((_, i) => keyName(i)),
    ', ',
  )
  return [
    ...c.kit.remakeTable(work(c, 'queued'), sql`SELECT ${keys} FROM ${work(c, 'node')} WHERE 1 = 0`),
    sql`INSERT INTO ${work(c, 'queued')} (${keys}) SELECT ${keys} FROM ${queuedKeys(c, r, template, window, targetExists)} AS q`,
  ]
}
