/** What must not land: looked at within the batch's transaction, before anything of the batch is written. */
import type { SqlServerSession } from '../../drivers/sqlserver.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { FlowRelation } from '../contract.ts'
import { changedTypes } from '../relational/changed-types.ts'
import type { Catalogs } from '../relational/names.ts'
import { columnsInUse, columnsRead, columnsWritten } from './drift.sql.ts'
import { columnsOf } from './type-of.ts'

/** In that transaction what is read next is what was looked at. */
export async function refuseChangedTypes(
  session: SqlServerSession,
  c: Catalogs,
  relation: FlowRelation,
  where: string,
): Promise<void> {
  refuse(relation, await columnsOf(session, columnsInUse(c, relation), where, 'TM5001'), 'both')
}

/** Where another engine reads the source. */
export async function refuseChangedTarget(
  session: SqlServerSession,
  c: Catalogs,
  relation: FlowRelation,
  where: string,
): Promise<void> {
  refuse(relation, await columnsOf(session, columnsWritten(c, relation), where, 'TM5001'), 'target')
}

/** Where another engine writes the target. */
export async function refuseChangedSource(
  session: SqlServerSession,
  c: Catalogs,
  relation: FlowRelation,
  where: string,
): Promise<void> {
  refuse(relation, await columnsOf(session, columnsRead(c, relation), where, 'TM4019'), 'source')
}

function refuse(
  relation: FlowRelation,
  now: readonly { readonly type: string }[],
  of: 'both' | 'source' | 'target',
): void {
  const changed = changedTypes(
    relation,
    now.map(({ type }) => type),
    of,
  )
  if (changed.length > 0) throw new AppError('TM4108', `since this run was planned: ${changed.join('; ')}`)
}
