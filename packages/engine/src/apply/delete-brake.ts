/** The brake on deletes: a run that would take away more than its flow allows takes away nothing. */
import type { DeleteLimit } from '@tidemark/contract/flow'
import { AppError } from '../runtime/app-error.ts'

/** Throws TM5007. An empty source empties no target, unless the flow says that all of it may go. */
export function refuseDeletes(deleted: bigint, of: bigint, limit: DeleteLimit | null, what: string): void {
  if (deleted === 0n || deleted <= allowed(of, limit)) return
  const share = `${deleted} of ${of} rows`
  throw new AppError(
    'TM5007',
    limit === null
      ? `${what} would lose all its ${of} rows: the source has none of them`
      : `${what} would lose ${share}, and max_delete is ${formatLimit(limit)}`,
  )
}

/** Without a limit everything but the whole table. */
function allowed(of: bigint, limit: DeleteLimit | null): bigint {
  if (limit === null) return of - 1n
  if ('rows' in limit) return limit.rows
  // in millionths of a percent: no float touches the count
  return (of * BigInt(Math.round(limit.percent * 1_000_000))) / 100_000_000n
}

const formatLimit = (limit: DeleteLimit): string => ('rows' in limit ? `${limit.rows} rows` : `${limit.percent}%`)
