/**
 * Rows or bytes of somebody else, which the client reads while it sends them. It closes its source only where the server
 * answers: one whose connection is gone would be left open, with the files and sessions that it reads from.
 */
export class Feed<T> implements AsyncIterable<T> {
  /** what the source threw, where it did */
  failure: { readonly error: unknown } | null = null
  readonly #source: AsyncIterator<T> | Iterator<T>
  #reading = false
  #state: 'open' | 'read' | 'closed' = 'open'

  constructor(source: AsyncIterable<T> | Iterable<T>) {
    this.#source = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]()
  }

  [Symbol.asyncIterator](): AsyncIterator<T> {
    return {
      next: () => this.#next(),
      return: async () => {
        await this.close()
        return { done: true, value: undefined }
      },
    }
  }

  /** Rejects once it is closed: an end would tell the server that this was all. */
  async #next(): Promise<IteratorResult<T>> {
    if (this.#state === 'closed') throw new Error('what was being sent was closed')
    this.#reading = true
    try {
      const read = await this.#source.next()
      if (read.done === true) this.#state = 'read'
      return read
    } catch (error) {
      this.#state = 'read'
      this.failure ??= { error }
      throw error
    } finally {
      this.#reading = false
    }
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
