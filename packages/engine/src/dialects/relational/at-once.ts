/** A transaction that may be repeated. */
import { setTimeout as sleep } from 'node:timers/promises'

const RETRY_MS = 25
const ATTEMPTS = 20

export interface Repeatable {
  begin(): Promise<void>
  commit(): Promise<void>
  rollback(): Promise<void>
}

/** DDL and catalog changes conflict with those of another worker. `again`: the error is of that kind; `told`: of any other one. */
export async function repeated(
  session: Repeatable,
  { again, told }: { readonly again: (error: unknown) => boolean; readonly told: (error: unknown) => unknown },
  work: () => Promise<void>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await session.begin()
      await work()
      await session.commit()
      return
    } catch (error) {
      await session.rollback()
      if (attempt >= ATTEMPTS || !again(error)) throw told(error)
      await sleep(RETRY_MS)
    }
  }
}
