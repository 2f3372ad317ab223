/** What must not land: looked at within the batch's transaction, before anything of the batch is written. */
import type { ColumnRef, TableName } from '@tidemark/contract/flow'
import type { SqlServerSession } from '../../drivers/sqlserver.ts'
import { AppError } from '../../runtime/app-error.ts'
import { type FlowRelation, landingTable } from '../contract.ts'
import { changedTypes } from '../relational/changed-types.ts'
import { sourceColumns } from '../source-columns.ts'
import { typesIn } from './introspect.ts'
import type { Place } from './names.ts'

/** Where tables are that are named without it. */
export interface Places {
  readonly source: Place
  readonly target: Place
}

const tableOf = (r: FlowRelation, { table }: ColumnRef): TableName =>
  r.source.joins.find((j) => j.as === table)?.table ?? r.source.table

/** `of`: where another engine has one of the two. TM4108. */
export async function refuseChangedTypes(
  session: SqlServerSession,
  r: FlowRelation,
  at: Places,
  where: string,
  of: 'both' | 'source' | 'target' = 'both',
): Promise<void> {
  const now: (string | undefined)[] = []
  if (of !== 'target') {
    const tables = new Map<TableName, ReadonlyMap<string, string>>()
    for (const table of [r.source.table, ...r.source.joins.map((j) => j.table)])
      tables.set(table, await typesIn(session, table, at.source, where))
    now.push(...sourceColumns(r).map(({ ref }) => tables.get(tableOf(r, ref))?.get(ref.column)))
  }
  if (of !== 'source') {
    const types = await typesIn(session, landingTable(r), at.target, where)
    now.push(...r.columns.map((x) => types.get(x.target)))
  }
  const changed = changedTypes(r, now, of)
  if (changed.length > 0) throw new AppError('TM4108', `since this run was planned: ${changed.join('; ')}`)
}
