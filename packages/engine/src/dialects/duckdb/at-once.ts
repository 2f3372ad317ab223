/** A transaction that may be repeated. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { DuckdbSession } from '../../drivers/duckdb.ts'
import { classify, translate } from './errors.ts'

const RETRY_MS = 25
const ATTEMPTS = 20

/** DDL and catalog changes conflict with those of another worker. */
export async function atOnce(session: DuckdbSession, where: string, work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await session.begin()
      await work()
      await session.commit()
      return
    } catch (error) {
      await session.rollback()
      if (attempt >= ATTEMPTS || !(isConflict(error) || isDuplicate(error)))
        throw translate(error, where, 'TM5001', session.discreet)
      await sleep(RETRY_MS)
    }
  }
}

/** Two owners that prepare at once may both add the slots: the second finds them when it tries again. */
const isDuplicate = (error: unknown): boolean =>
  error instanceof Error && (classify(error) === 'constraint' || classify(error.cause) === 'constraint')

export const isConflict = (error: unknown): boolean =>
  classify(error) === 'conflict' ||
  (error instanceof Error && error.cause !== undefined && classify(error.cause) === 'conflict')
