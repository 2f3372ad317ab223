/** A transaction that may be repeated. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { SqlServerSession } from '../../drivers/sqlserver.ts'
import { AppError } from '../../runtime/app-error.ts'
import { classify, translate } from './errors.ts'

const RETRY_MS = 25
const ATTEMPTS = 20
/** of `sys.messages`: what is to be made is there already */
const THERE_ALREADY: ReadonlySet<unknown> = new Set([2627, 2601, 2714, 2705, 2759, 1913])

/** Catalog changes conflict with those of another worker. */
export async function atOnce(session: SqlServerSession, where: string, work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await session.begin()
      await work()
      await session.commit()
      return
    } catch (error) {
      await session.rollback()
      if (attempt >= ATTEMPTS || !(classify(error) === 'conflict' || isThereAlready(error)))
        throw translate(error, where, 'TM5001', session.discreet)
      await sleep(RETRY_MS)
    }
  }
}

/** Two owners that prepare at once may both make something: the second finds it when it tries again. */
const isThereAlready = (error: unknown): boolean =>
  error instanceof AppError && THERE_ALREADY.has(error.facts['number'])
