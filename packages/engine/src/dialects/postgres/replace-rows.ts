/** The rows of the table beside become those of the target, which keeps its definition. */
import { AppError } from '../../runtime/app-error.ts'
import type { FlowRelation } from '../contract.ts'
import type { Catalogs } from '../relational/names.ts'
import { execAll, type Sender } from '../relational/sender.ts'
import { landingOf } from './land.ts'
import { refill, replaceRows as mergeRows } from './swap.sql.ts'
import { isReferredAtAll } from './take.sql.ts'

/**
 * Row by row where the key is unique and no other value is: rows of other tables keep the row that they refer to. Else
 * all rows go and come, which none may refer to.
 */
export async function replaceRows(
  to: Sender,
  c: Catalogs,
  r: FlowRelation,
  name: readonly [string, string],
): Promise<void> {
  const keys = r.key.map((k) => k.target)
  const { unique } = await landingOf(to, name, null)
  const isKey = (columns: readonly string[]): boolean =>
    columns.length === keys.length && keys.every((k) => columns.includes(k))
  if (unique.length > 0 && unique.every(({ columns }) => isKey(columns))) return execAll(to, mergeRows(c, r))
  if ((await to.count(isReferredAtAll(...name))) > 0n)
    throw new AppError(
      'TM5001',
      `${r.target.table.join('.')}: rows of other tables refer to its rows, and its unique values may change hands, so it cannot be replaced row by row`,
    )
  await execAll(to, refill(c, r))
}
