/** A transaction that is repeated where another worker's came between. */
import type { SqlServerSession } from '../../drivers/sqlserver.ts'
import { AppError } from '../../runtime/app-error.ts'
import { repeated } from '../relational/at-once.ts'
import { classify, translate } from './errors.ts'

/** of `sys.messages`: what is to be made is there already */
const THERE_ALREADY: ReadonlySet<unknown> = new Set([2627, 2601, 2714, 2705, 2759, 1913])

export const atOnce = (session: SqlServerSession, where: string, work: () => Promise<void>): Promise<void> =>
  repeated(
    session,
    {
      again: (error) => classify(error) === 'conflict' || isThereAlready(error),
      told: (error) => translate(error, where, 'TM5001', session.discreet),
    },
    work,
  )

/** Two owners that prepare at once may both make something: the second finds it when it tries again. */
const isThereAlready = (error: unknown): boolean =>
  error instanceof AppError && THERE_ALREADY.has(error.facts['number'])
