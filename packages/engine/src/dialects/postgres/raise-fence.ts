/** Taking a flow's fence from its former owner: waiting for its batches, and past the bound ending them. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { PostgresSession } from '../../drivers/postgres.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { FenceKey } from '../contract.ts'
import type { TargetNames } from '../relational/names.ts'
import * as fence from './fence.sql.ts'
import { exec, query } from './run-sql.ts'

const LOOK_MS = 100
/** how long sessions that were ended may take to roll back */
const ENDING_MS = 10_000

const NOT_PERMITTED = '42501'

/** `watch`: a session that looks on while the other one waits. Throws TM3009 where a holder cannot be ended. */
export async function raiseFence(
  session: PostgresSession,
  watch: PostgresSession,
  names: TargetNames,
  key: FenceKey,
  where: string,
  boundMs: number,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted()
  let settled = false
  const raising = raise(session, names, key, where, boundMs + ENDING_MS).finally(() => (settled = true))
  const watching = (async (): Promise<void> => {
    const begun = performance.now()
    while (!settled) {
      await Promise.race([raising.catch(() => undefined), sleep(LOOK_MS, undefined, { ref: false })])
      if (settled) return
      if (signal.aborted) return await session.cancel()
      if (performance.now() - begun > boundMs) await endHolders(session, watch, key, where)
    }
  })()
  const [raised, watched] = await Promise.allSettled([raising, cancelsOnError(watching, session)])
  signal.throwIfAborted()
  if (watched.status === 'rejected') throw watched.reason
  if (raised.status === 'rejected') throw tooLate(raised.reason, key, where)
}

/** What nobody looks after any more must not wait on. */
async function cancelsOnError(watching: Promise<void>, session: PostgresSession): Promise<void> {
  try {
    await watching
  } catch (error) {
    await session.cancel()
    throw error
  }
}

async function raise(
  session: PostgresSession,
  names: TargetNames,
  key: FenceKey,
  where: string,
  lockMs: number,
): Promise<void> {
  await session.begin()
  try {
    await query(session, fence.lockTimeout(lockMs), where)
    await exec(session, fence.raise(names, key), where)
    await session.commit()
  } catch (error) {
    await session.rollback()
    throw error
  }
}

async function endHolders(
  session: PostgresSession,
  watch: PostgresSession,
  key: FenceKey,
  where: string,
): Promise<void> {
  for (const [pid = '', user, application, host] of await query(watch, fence.holders(session.pid), where)) {
    try {
      await query(watch, fence.terminate(pid ?? ''), where)
    } catch (error) {
      if (!(error instanceof AppError) || error.facts['sqlstate'] !== NOT_PERMITTED) throw error
      throw new AppError(
        'TM3009',
        `${where}: process ${pid} (${user} from ${host}, ${application}) holds the fence of ${key.flow}, and ending it takes a right that we do not have`,
        {
          cause: error,
          remedy: [
            `SELECT pg_terminate_backend(${pid});   run by ${user}, a member of pg_signal_backend or a superuser, in ${where}`,
          ],
        },
      )
    }
  }
}

const tooLate = (error: unknown, key: FenceKey, where: string): unknown =>
  error instanceof AppError && error.code === 'TM5003'
    ? new AppError('TM3009', `${where}: a batch of an older owner of ${key.flow} is still open`, { cause: error })
    : error
