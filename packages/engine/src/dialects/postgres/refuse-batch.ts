/** What must not land: looked at within the batch's transaction, before anything of the batch is written. */
import type { PostgresSession } from '../../drivers/postgres.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { FlowRelation } from '../contract.ts'
import { changedTypes } from '../relational/changed-types.ts'
import type { Catalogs } from '../relational/names.ts'
import { columnsInUse } from './drift.sql.ts'
import { columnsOf } from './type-of.ts'

/** In that transaction what is read next is what was looked at. */
export async function refuseChangedTypes(
  session: PostgresSession,
  c: Catalogs,
  relation: FlowRelation,
  where: string,
): Promise<void> {
  const now = await columnsOf(session, columnsInUse(c, relation), where, 'TM5001')
  const changed = changedTypes(
    relation,
    now.map(({ type }) => type),
  )
  if (changed.length > 0) throw new AppError('TM4108', `since this run was planned: ${changed.join('; ')}`)
}
