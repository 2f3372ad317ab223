/** Taking a flow's fence from its former owner: waiting for its batches, and past the bound ending them. */
import { setTimeout as sleep } from 'node:timers/promises'
import { errorNumber, type SqlServerSession } from '../../drivers/sqlserver.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { FenceKey } from '../contract.ts'
import type { TargetNames } from '../relational/names.ts'
import * as fence from './fence.sql.ts'
import { exec, query } from './run-sql.ts'

const LOOK_MS = 100
/** how long sessions that were ended may take to roll back */
const ENDING_MS = 10_000

/** of `sys.messages`: no right to KILL, and a session that is gone by now */
const NOT_PERMITTED: ReadonlySet<number | undefined> = new Set([6102, 229, 300, 297])
const ALREADY_GONE = 6106

/** `watch`: a session that looks on while the other one waits. Throws TM3009 where a holder cannot be ended. */
export async function raiseFence(
  session: SqlServerSession,
  watch: SqlServerSession,
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
      if (signal.aborted) return session.cancel()
      if (performance.now() - begun > boundMs) await endHolders(session, watch, key, where)
    }
  })()
  const [raised, watched] = await Promise.allSettled([raising, cancelsOnError(watching, session)])
  signal.throwIfAborted()
  if (watched.status === 'rejected') throw watched.reason
  if (raised.status === 'rejected') throw tooLate(raised.reason, key, where)
}

/** What nobody looks after any more must not wait on. */
async function cancelsOnError(watching: Promise<void>, session: SqlServerSession): Promise<void> {
  try {
    await watching
  } catch (error) {
    session.cancel()
    throw error
  }
}

async function raise(
  session: SqlServerSession,
  names: TargetNames,
  key: FenceKey,
  where: string,
  lockMs: number,
): Promise<void> {
  await exec(session, fence.lockTimeout(lockMs), where)
  await session.begin()
  try {
    await exec(session, fence.raise(names, key), where)
    await session.commit()
  } catch (error) {
    await session.rollback()
    throw error
  }
}

async function endHolders(
  session: SqlServerSession,
  watch: SqlServerSession,
  key: FenceKey,
  where: string,
): Promise<void> {
  const [sees] = await query(watch, fence.seesOthers, where)
  if (sees?.[0] !== '1')
    throw new AppError(
      'TM3009',
      `${where}: a session holds the fence of ${key.flow}, and which one takes a right to see that we do not have`,
      {
        remedy: [
          `SELECT blocking_session_id FROM sys.dm_exec_requests WHERE session_id = ${session.spid};   run by a login with VIEW SERVER STATE, then KILL that session`,
        ],
      },
    )
  for (const [id = '', user, application, host] of await query(watch, fence.holders(session.spid), where)) {
    try {
      await exec(watch, fence.terminate(Number(id)), where)
    } catch (error) {
      const number = error instanceof AppError ? errorNumber(error.cause) : undefined
      if (number === ALREADY_GONE) continue
      if (!NOT_PERMITTED.has(number)) throw error
      throw new AppError(
        'TM3009',
        `${where}: session ${id} (${user} from ${host}, ${application}) holds the fence of ${key.flow}, and ending it takes a right that we do not have`,
        { cause: error, remedy: [`KILL ${id};   run by a login with ALTER ANY CONNECTION, in ${where}`] },
      )
    }
  }
}

const tooLate = (error: unknown, key: FenceKey, where: string): unknown =>
  error instanceof AppError && error.code === 'TM5003'
    ? new AppError('TM3009', `${where}: a batch of an older owner of ${key.flow} is still open`, { cause: error })
    : error
