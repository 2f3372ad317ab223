/** A transaction that is repeated where another worker's came between. */
import type { DuckdbSession } from '../../drivers/duckdb.ts'
import { repeated } from '../relational/at-once.ts'
import { classify, translate } from './errors.ts'

export const atOnce = (session: DuckdbSession, where: string, work: () => Promise<void>): Promise<void> =>
  repeated(
    session,
    {
      again: (error) => isConflict(error) || isDuplicate(error),
      told: (error) => translate(error, where, 'TM5001', session.discreet),
    },
    work,
  )

/** Two owners that prepare at once may both add the slots: the second finds them when it tries again. */
const isDuplicate = (error: unknown): boolean =>
  error instanceof Error && (classify(error) === 'constraint' || classify(error.cause) === 'constraint')

export const isConflict = (error: unknown): boolean =>
  classify(error) === 'conflict' ||
  (error instanceof Error && error.cause !== undefined && classify(error.cause) === 'conflict')
