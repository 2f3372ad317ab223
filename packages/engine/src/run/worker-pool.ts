/**
 * The workers of one command, shared by its flows and their batches. Whoever asks first is served first; a flow asks
 * for one at a time, so a large one cannot keep a small one waiting for longer than a batch.
 */
export class WorkerPool {
  readonly size: number
  readonly #waiting: (() => void)[] = []
  #free: number

  constructor(size: number) {
    this.size = size
    this.#free = size
  }

  /** A worker, until disposed of. Throws the signal's reason when it is aborted while waiting. */
  async take(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted()
    if (this.#free > 0) this.#free -= 1
    else await this.#turn(signal)
    let given = false
    return {
      [Symbol.dispose]: () => {
        if (given) return
        given = true
        this.#giveBack()
      },
    }
  }

  async use<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    using _worker = await this.take(signal)
    return await work()
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const called = (): void => {
        signal.removeEventListener('abort', aborted)
        resolve()
      }
      const aborted = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(called), 1)
        // the reason is what stopped us: Cancelled, or the error of a lost lease
        reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)))
      }
      this.#waiting.push(called)
      signal.addEventListener('abort', aborted, { once: true })
    })
  }

  /** Straight to the next one: nobody who asks later comes in between. */
  #giveBack(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#free += 1
    else next()
  }
}
