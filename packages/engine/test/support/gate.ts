/** Holds a worker at a failpoint until the test lets it go on. */
import type { Failpoint, Hit } from '../../src/runtime/failpoint.ts'

export interface Gate extends Disposable {
  readonly hit: Hit
  /** Somebody stands at the gate. */
  readonly reached: Promise<void>
  open(): void
}

/** Closed at the `nth` time that `point` is hit, for whoever comes then. Disposing it opens it. */
export function gateAt(point: Failpoint, nth = 1): Gate {
  const arrived = Promise.withResolvers<void>()
  const opened = Promise.withResolvers<void>()
  let left = nth
  return {
    hit: async (at) => {
      if (at !== point || --left !== 0) return
      arrived.resolve()
      await opened.promise
    },
    reached: arrived.promise,
    open: opened.resolve,
    [Symbol.dispose]: opened.resolve,
  }
}
