/** A transaction that may be repeated. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { PostgresSession } from '../../drivers/postgres.ts'
import { AppError } from '../../runtime/app-error.ts'
import { classify, translate } from './errors.ts'

const RETRY_MS = 25
const ATTEMPTS = 20

/** Catalog changes conflict with those of another worker. */
export async function atOnce(session: PostgresSession, where: string, work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await session.begin()
      await work()
      await session.commit()
      return
    } catch (error) {
      await session.rollback()
      if (attempt >= ATTEMPTS || !(classify(error) === 'conflict' || isDuplicate(error)))
        throw translate(error, where, 'TM5001', session.discreet)
      await sleep(RETRY_MS)
    }
  }
}

/** Two owners that prepare at once may both make something: the second finds it when it tries again. */
function isDuplicate(error: unknown): boolean {
  const state = error instanceof AppError ? error.facts['sqlstate'] : null
  return state === '23505' || state === '42P06' || state === '42P07' || state === '42701'
}
