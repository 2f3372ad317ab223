import type { PlanWish } from '../run/plan-flow.ts'
import { AppError } from '../runtime/app-error.ts'
import type { RunOptions } from './app.ts'
import { DEFAULT_WORKERS } from './default-workers.ts'

/** What the command line asked of a plan; refuses options that exclude each other. */
export function planWish(o: RunOptions): PlanWish {
  if ((o.after === null) !== (o.upTo === null))
    throw new AppError('TM1002', '--after and --up-to belong together: they name the period to deliver again')
  if (o.full && o.after !== null)
    throw new AppError('TM1002', '--full reads everything, --after and --up-to a period: choose one')
  return {
    full: o.full,
    period: o.after !== null && o.upTo !== null ? { after: o.after, upTo: o.upTo } : null,
    buffer: o.buffer,
    batchRows: o.batchRows,
    workers: o.parallel ?? DEFAULT_WORKERS,
    lane: o.lane,
    acceptChange: o.acceptChange,
    allowsDeletes: o.allowsDeletes,
  }
}
