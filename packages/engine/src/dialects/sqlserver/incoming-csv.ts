/** What a departure writes, taken by whoever loads it. */
import { Writable } from 'node:stream'
import type { Prompt } from '../../drivers/sqlserver-feed.ts'
import { type CsvItem, type CsvPart, type CsvRow, CsvRows, isPart, isRow } from './csv-rows.ts'

/** so many pieces wait for the one who takes them, and no more is taken from the source */
const WAITING = 3

export class IncomingCsv extends Writable {
  readonly #rows: CsvRows
  readonly #waiting: (readonly CsvItem[])[] = []
  #now: readonly CsvItem[] = []
  #at = 0
  #ended = false
  #failure: { readonly error: unknown } | null = null
  /** asks for more */
  #accept: (() => void) | null = null
  #wake: () => void = () => {}

  constructor(rows: CsvRows) {
    super()
    this.#rows = rows
    this.on('error', (error) => this.#fail(error))
    this.on('close', () => this.#fail(new Error('the rows ended before their end')))
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    try {
      this.#give(this.#rows.push(chunk))
    } catch (error) {
      done(error as Error)
      return
    }
    if (this.#waiting.length < WAITING) done()
    else this.#accept = done
  }

  override _final(done: (error?: Error | null) => void): void {
    try {
      this.#give(this.#rows.end())
      this.#ended = true
      this.#wake()
      done()
    } catch (error) {
      done(error as Error)
    }
  }

  #give(items: readonly CsvItem[]): void {
    if (items.length === 0) return
    this.#waiting.push(items)
    this.#wake()
  }

  #fail(error: unknown): void {
    if (this.#ended) return
    this.#failure ??= { error }
    this.#wake()
  }

  /** null: that was the last. Throws what the stream failed with. */
  async next(): Promise<CsvItem | null> {
    for (;;) {
      const item = this.#now[this.#at]
      if (item !== undefined) {
        this.#at++
        return item
      }
      if (this.#failure !== null) throw this.#failure.error
      const next = this.#waiting.shift()
      if (next === undefined && this.#ended) return null
      this.#now = next ?? []
      this.#at = 0
      const accept = this.#accept
      this.#accept = null
      accept?.()
      if (next !== undefined) continue
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      await promise
    }
  }

  /** Rows up to whatever else comes, which `next` gives then. */
  rowsFrom(first: CsvRow): Prompt<CsvRow> {
    const taken = (item: CsvItem | null): IteratorResult<CsvRow, null> => {
      if (item !== null && isRow(item)) return { done: false, value: item }
      if (item !== null) this.#at--
      return { done: true, value: null }
    }
    let begun = false
    return {
      next: () => {
        const item = begun ? this.#now[this.#at++] : first
        begun = true
        if (item !== undefined) return taken(item)
        this.#at--
        return this.next().then(taken)
      },
    }
  }

  /** The bytes of the value that this is the first part of. */
  async *bytesFrom(first: CsvPart): AsyncGenerator<Buffer, void> {
    for (let part: CsvItem | null = first; part !== null && isPart(part); part = await this.next()) {
      if (part.data.length > 0) yield part.data
      if (part.isLast) return
    }
  }
}
