/**
 * Lines of CSV into a stream, in buffers that are used again once the stream is done with them. Nothing is made of a row but
 * the text that came of it.
 */
import type { Writable } from 'node:stream'
import { AppError } from '../../runtime/app-error.ts'

/** characters that are gathered before they are written */
const CHUNK = 64 * 1024
/** of UTF-8, at most, for one of UTF-16 */
const BYTES_OF_UNIT = 3
/** so many wait for the one who takes them */
const CHUNKS = 4
const isFirstOfPair = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff
const HALF = /\p{Surrogate}/u
/** characters on either side of what is shown */
const AROUND = 20

type Parts<T> = Iterable<T> | AsyncIterable<T>

export class CsvOut {
  readonly #into: Writable
  readonly #discreet: boolean
  readonly #free = Array.from({ length: CHUNKS }, () => Buffer.allocUnsafe(CHUNK * BYTES_OF_UNIT))
  readonly #broken = Promise.withResolvers<never>()
  #failure: { readonly error: unknown } | null = null
  #text = ''
  #wake: () => void = () => {}

  /** `discreet`: what goes wrong is told without a value. */
  constructor(into: Writable, discreet: boolean) {
    this.#into = into
    this.#discreet = discreet
    this.#broken.promise.catch(() => {})
    into.once('error', (error) => this.#fail(error))
    into.once('close', () => {
      if (!into.writableFinished) this.#fail(new Error('the stream was closed before its end'))
    })
    // its events may be over
    if (into.destroyed) this.#fail(into.errored ?? new Error('the stream was closed before its beginning'))
  }

  /** Text as it is to stand there. */
  add(text: string): void {
    this.#text += text
  }

  /** Null: go on; else nothing is added before it is over. Throws what the stream failed with. */
  room(): Promise<void> | null {
    if (this.#failure !== null) throw this.#failure.error
    while (this.#text.length >= CHUNK) {
      const buffer = this.#free.pop()
      if (buffer === undefined) return this.#write(CHUNK)
      this.#writeChunk(buffer, false)
    }
    return null
  }

  /** A text of any length, between quotation marks. */
  async quoted(parts: Parts<string>): Promise<void> {
    this.#text += '"'
    for await (const part of parts) {
      this.#text += part.replaceAll('"', '""')
      await this.#write(CHUNK)
    }
    this.#text += '"'
  }

  /** Bytes of any number, as their digits. */
  async digits(parts: Parts<Buffer>): Promise<void> {
    this.#text += '\\x'
    for await (const part of parts)
      for (let at = 0; at < part.length; at += CHUNK) {
        this.#text += part.toString('hex', at, at + CHUNK)
        await this.#write(CHUNK)
      }
  }

  /** Everything is in the stream, which has ended. */
  async end(): Promise<void> {
    await this.#write(1)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#into.end((error?: Error | null) => (error ? reject(error) : resolve()))
    await Promise.race([promise, this.#broken.promise])
  }

  /** Until fewer than `left` characters are. */
  async #write(left: number): Promise<void> {
    while (this.#text.length >= left) {
      if (this.#failure !== null) throw this.#failure.error
      const buffer = this.#free.pop()
      if (buffer !== undefined) {
        this.#writeChunk(buffer, left === 1)
        continue
      }
      const { promise, resolve } = Promise.withResolvers<void>()
      this.#wake = resolve
      await Promise.race([promise, this.#broken.promise])
    }
  }

  /** A pair is not divided: its other half may be to come, unless this is all. */
  #writeChunk(buffer: Buffer<ArrayBuffer>, isAll: boolean): void {
    const text = this.#text
    const end = Math.min(text.length, CHUNK)
    const divides = isFirstOfPair(text.charCodeAt(end - 1)) && !(isAll && end === text.length)
    const chunk = text.slice(0, divides ? end - 1 : end)
    this.#text = text.slice(chunk.length)
    if (!chunk.isWellFormed())
      throw new AppError('TM4019', `a text holds half of a character, which UTF-8 cannot say${this.#shown(chunk)}`)
    const bytes = buffer.write(chunk)
    this.#into.write(buffer.subarray(0, bytes), (error) => {
      if (error) this.#fail(error)
      this.#free.push(buffer)
      this.#wake()
    })
  }

  #shown(chunk: string): string {
    if (this.#discreet) return ''
    const at = chunk.search(HALF)
    return `: ${JSON.stringify(chunk.slice(Math.max(0, at - AROUND), at + AROUND))}`
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    this.#broken.reject(error)
  }
}
