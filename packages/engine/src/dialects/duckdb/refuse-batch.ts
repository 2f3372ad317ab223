/** What must not land: looked at within the batch's transaction, before anything of the batch is written. */
import { AppError } from '../../runtime/app-error.ts'
import type { FlowRelation } from '../contract.ts'
import type { Sql } from '../sql-text.ts'
import { changedTypes } from '../relational/changed-types.ts'
import { describeColumns, describeWritten } from './drift.sql.ts'
import type { Catalogs } from '../relational/names.ts'
import type { Sender } from '../relational/sender.ts'
import { hasUnfit, unfitRows } from '../relational/unfit.sql.ts'

/** In that transaction what is read next is what was looked at. */
export async function refuseChangedTypes(
  to: Sender,
  c: Catalogs,
  relation: FlowRelation,
  isTable: boolean,
): Promise<void> {
  refuse(relation, await to.query(describeColumns(c, relation, isTable)), 'both')
}

/** Where another engine reads the source. */
export async function refuseChangedTarget(to: Sender, c: Catalogs, relation: FlowRelation): Promise<void> {
  refuse(relation, await to.query(describeWritten(c, relation)), 'target')
}

function refuse(
  relation: FlowRelation,
  described: readonly (readonly (string | null)[])[],
  of: 'both' | 'target',
): void {
  const now = described.map(([, type]) => type)
  const changed = changedTypes(relation, now, of)
  if (changed.length > 0) throw new AppError('TM4108', `since this run was planned: ${changed.join('; ')}`)
}

/** A spool holds what was cast: a value that its cast would change is refused before it is spooled. */
export async function refuseUnfit(to: Sender, c: Catalogs, relation: FlowRelation, rows: Sql): Promise<void> {
  if (relation.columns.every((x) => x.cast === null) || (await to.count(hasUnfit(c, relation, rows))) === 0n) return
  const found: string[] = []
  for (const { column, query: of } of unfitRows(c, relation, rows)) {
    const examples = await to.query(of)
    if (examples.length === 0) continue
    const keys = examples.map(([, key, value]) => `${key}${column.mask === null ? `: ${JSON.stringify(value)}` : ''}`)
    const more = BigInt(examples[0]?.[0] ?? '0') - BigInt(examples.length)
    found.push(`${column.target} to ${column.cast}: ${keys.join(', ')}${more > 0n ? ` and ${more} more` : ''}`)
  }
  throw new AppError('TM4031', found.join('; '))
}
