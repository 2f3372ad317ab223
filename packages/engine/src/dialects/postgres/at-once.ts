/** A transaction that is repeated where another worker's came between. */
import type { PostgresSession } from '../../drivers/postgres.ts'
import { AppError } from '../../runtime/app-error.ts'
import { repeated } from '../relational/at-once.ts'
import { classify, translate } from './errors.ts'

export const atOnce = (session: PostgresSession, where: string, work: () => Promise<void>): Promise<void> =>
  repeated(
    session,
    {
      again: (error) => classify(error) === 'conflict' || isDuplicate(error),
      told: (error) => translate(error, where, 'TM5001', session.discreet),
    },
    work,
  )

/** Two owners that prepare at once may both make something: the second finds it when it tries again. */
function isDuplicate(error: unknown): boolean {
  const state = error instanceof AppError ? error.facts['sqlstate'] : null
  return state === '23505' || state === '42P06' || state === '42P07' || state === '42701'
}
