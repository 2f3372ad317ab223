/** Says again and again that a worker is there, and tells it when that may no longer be believed. */

/** `unknown`: it could not be asked, or what it says is old. */
export type Beat = 'held' | 'lost' | 'unknown'

export class Heartbeat {
  readonly #ttlMs: number
  readonly #beat: () => Promise<Beat>
  readonly #lose: (why: string) => void
  readonly #timer: NodeJS.Timeout
  #deadline: NodeJS.Timeout
  #stopped = false

  /** Believed for `ttlMs` from `sinceMs` (of `performance.now()`) on, and from each beat that was answered `held`. */
  constructor(sinceMs: number, ttlMs: number, beat: () => Promise<Beat>, lose: (why: string) => void) {
    this.#ttlMs = ttlMs
    this.#beat = beat
    this.#lose = lose
    this.#timer = setInterval(() => void this.#again(), ttlMs / 3).unref()
    this.#deadline = this.#atDeadline(sinceMs)
  }

  async #again(): Promise<void> {
    const sentAt = performance.now()
    const answer = await this.#beat().catch(() => 'unknown' as const)
    if (this.#stopped) return
    if (answer === 'lost') this.#end('was taken by another')
    if (answer !== 'held') return
    clearTimeout(this.#deadline)
    this.#deadline = this.#atDeadline(sentAt)
  }

  /** Of its own, because a beat may hang as well as fail. */
  #atDeadline(sinceMs: number): NodeJS.Timeout {
    const left = sinceMs + this.#ttlMs - performance.now()
    return setTimeout(() => this.#end('was not renewed in time'), Math.max(0, left)).unref()
  }

  #end(why: string): void {
    this.stop()
    this.#lose(why)
  }

  stop(): void {
    this.#stopped = true
    clearInterval(this.#timer)
    clearTimeout(this.#deadline)
  }
}
