/** The brake on deletes: a run that would take away more than its flow allows takes away nothing. */
import { DEFAULT_MAX_DELETE, type DeleteLimit, formatMaxDelete } from '@tidemark/contract/flow'
import { AppError } from '../runtime/app-error.ts'

/** Throws TM5007. An empty source empties no target, unless the flow says that all of it may go. */
export function refuseDeletes(deleted: bigint, of: bigint, limit: DeleteLimit | null, what: string): void {
  if (deleted === 0n || deleted <= allowed(of, limit)) return
  if (limit === null) throw emptied(of, what)
  throw refused(deleted, of, limit, what)
}

/** Rows of one scope. Throws TM5007. Where the source has none, no limit is enough: `--allow-deletes` is. */
export function refuseVanished(
  deleted: bigint,
  { of, left }: { readonly of: bigint; readonly left: bigint },
  limit: DeleteLimit | null,
  what: string,
): void {
  if (deleted === 0n) return
  if (left === 0n) throw emptied(deleted, what)
  const most = limit === null ? max(DEFAULT_MAX_DELETE.floor, allowed(of, DEFAULT_MAX_DELETE)) : allowed(of, limit)
  if (deleted > most) throw refused(deleted, of, limit, what)
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)

const emptied = (of: bigint, what: string): AppError =>
  new AppError('TM5007', `${what} would lose all its ${of} rows: the source has none of them`)

const refused = (deleted: bigint, of: bigint, limit: DeleteLimit | null, what: string): AppError =>
  new AppError('TM5007', `${what} would lose ${deleted} of ${of} rows, and max_delete is ${formatMaxDelete(limit)}`)

/** Without a limit everything but the whole table. */
function allowed(of: bigint, limit: DeleteLimit | null): bigint {
  if (limit === null) return of - 1n
  if ('rows' in limit) return limit.rows
  // in millionths of a percent: no float touches the count
  return (of * BigInt(Math.round(limit.percent * 1_000_000))) / 100_000_000n
}
