/** What answers at once where it can: to await a row that is there costs as much as to send it. */
export interface Prompt<T> {
  next(): IteratorResult<T, unknown> | Promise<IteratorResult<T, unknown>>
  return?(): unknown
}

/**
 * Rows or bytes of somebody else, which the client reads while it sends them. It closes its source only where the server
 * answers: one whose connection is gone would be left open, with the files and sessions that it reads from.
 */
export class Feed<T> implements AsyncIterable<T> {
  /** what the source threw, where it did */
  failure: { readonly error: unknown } | null = null
  readonly #source: Prompt<T>
  #reading = false
  #state: 'open' | 'read' | 'closed' = 'open'

  constructor(source: AsyncIterable<T> | Iterable<T> | Prompt<T>) {
    if (Symbol.asyncIterator in source) this.#source = source[Symbol.asyncIterator]()
    else this.#source = Symbol.iterator in source ? source[Symbol.iterator]() : source
  }

  [Symbol.asyncIterator](): AsyncIterator<T> {
    return {
      // the client awaits only what is a promise
      next: () => this.#next() as Promise<IteratorResult<T>>,
      return: async () => {
        await this.close()
        return { done: true, value: undefined }
      },
    }
  }

  /** Throws once it is closed: an end would tell the server that this was all. */
  #next(): IteratorResult<T, unknown> | Promise<IteratorResult<T, unknown>> {
    if (this.#state === 'closed') throw new Error('what was being sent was closed')
    this.#reading = true
    try {
      const read = this.#source.next()
      if (!(read instanceof Promise)) return this.#took(read)
      return read.then(
        (r) => this.#took(r),
        (error: unknown) => this.#failed(error),
      )
    } catch (error) {
      return this.#failed(error)
    }
  }

  #took(read: IteratorResult<T, unknown>): IteratorResult<T, unknown> {
    this.#reading = false
    if (read.done === true) this.#state = 'read'
    return read
  }

  #failed(error: unknown): never {
    this.#reading = false
    this.#state = 'read'
    this.failure ??= { error }
    throw error
  }

  /** However often. A source that is just being read is closed when it has answered, which may be never: nobody waits. */
  async close(): Promise<void> {
    if (this.#state !== 'open') return
    this.#state = 'closed'
    const closing = (async () => this.#source.return?.())()
    // the statement has failed for another reason, which is the one to tell
    const quiet = closing.then(
      () => {},
      () => {},
    )
    if (!this.#reading) await quiet
  }
}
