/**
 * `COPY … TO STDOUT` into a stream. The server sends every row in a message of its own, millions of them: their headers
 * are taken out of what the socket gave, in place, and nothing is made for a row.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY
 */
import type { Duplex, Writable } from 'node:stream'
import { divert, type Taker } from './postgres-socket.ts'

/** What of the client's connection is needed: its socket, whose only reader is the client's parser. */
export interface CopyConnection {
  readonly stream: Duplex
  query(text: string): void
}

const code = (letter: string): number => letter.charCodeAt(0)
const COPY_DATA = code('d')
const COPY_DONE = code('c')
/** that the copy begins; and a notice, a parameter or a notification, which may come in between */
const PASSED_OVER: ReadonlySet<number> = new Set(['H', 'N', 'S', 'A'].map(code))
/** the code and the length, which counts itself and not the code */
const HEADER_BYTES = 5
const LENGTH_BYTES = 4
const NOTHING = Buffer.alloc(0)

/** so many pieces wait for the one who takes them, and no more is read */
const WAITING = 4

/** As the client wants a query to be. */
export class CopyOutQuery {
  /** How many there were, by the server's word. All of them are in the stream, which has ended. */
  readonly rows: Promise<bigint>
  readonly #text: string
  readonly #into: Writable
  readonly #settled = Promise.withResolvers<bigint>()
  #stream: Duplex | null = null
  #diverted: ReturnType<typeof divert> | null = null
  readonly #header = Buffer.alloc(HEADER_BYTES)
  #headerBytes = 0
  /** bytes of the present message that have not come yet */
  #awaited = 0
  #isData = false
  #waiting = 0
  #failed = false
  /** the stream's end and the server's: the second one settles */
  #ends = 0
  #count = 0n

  /** `into` has to be done with bytes when it calls back: they are in buffers that are used again. */
  constructor(text: string, into: Writable) {
    this.rows = this.#settled.promise
    this.#text = text
    this.#into = into
    into.once('error', (error) => this.#fail(error))
    into.once('close', () => {
      if (!into.writableFinished) this.#fail(new Error('the stream was closed before its end'))
    })
  }

  submit(connection: CopyConnection): Error | null {
    if (this.#failed) return new Error('nobody takes the rows')
    this.#stream = connection.stream
    this.#diverted = divert(connection.stream, this.#take)
    connection.query(this.#text)
    return null
  }

  /** Whoever fails first is told of. What still comes after that is dropped, until the connection ends. */
  #fail(error: unknown): boolean {
    if (this.#failed) return false
    this.#failed = true
    this.#settled.reject(error)
    return true
  }

  readonly #take: Taker = (chunk, giveBack) => {
    let at = 0
    let kept = 0
    while (at < chunk.length) {
      if (this.#awaited > 0) {
        const some = Math.min(this.#awaited, chunk.length - at)
        if (this.#isData) {
          if (kept !== at) chunk.copyWithin(kept, at, at + some)
          kept += some
        }
        at += some
        this.#awaited -= some
        continue
      }
      const isWhole = this.#headerBytes === 0 && chunk.length - at >= HEADER_BYTES
      if (isWhole && chunk[at] === COPY_DATA) {
        this.#isData = true
        this.#awaited = chunk.readInt32BE(at + 1) - LENGTH_BYTES
        at += HEADER_BYTES
        continue
      }
      const some = Math.min(HEADER_BYTES - this.#headerBytes, chunk.length - at)
      chunk.copy(this.#header, this.#headerBytes, at, at + some)
      at += some
      this.#headerBytes += some
      if (this.#headerBytes < HEADER_BYTES) break
      this.#headerBytes = 0
      const letter = this.#header[0] ?? 0
      this.#isData = letter === COPY_DATA
      if (this.#isData || PASSED_OVER.has(letter)) {
        this.#awaited = this.#header.readInt32BE(1) - LENGTH_BYTES
        continue
      }
      const rest = Buffer.concat([letter === COPY_DONE ? NOTHING : this.#header, chunk.subarray(at)])
      this.#give(chunk.subarray(0, kept), giveBack)
      if (letter === COPY_DONE && !this.#failed) this.#end()
      return this.#leave(rest)
    }
    this.#give(chunk.subarray(0, kept), giveBack)
  }

  #give(bytes: Buffer, giveBack: () => void): void {
    if (bytes.length === 0 || this.#failed) return giveBack()
    this.#waiting += 1
    if (this.#waiting === WAITING) this.#stream?.pause()
    this.#into.write(bytes, () => {
      giveBack()
      if (this.#waiting === WAITING) this.#stream?.resume()
      this.#waiting -= 1
    })
  }

  /** What was written last may fail yet, and its event tells. */
  #end(): void {
    this.#into.end((error?: Error | null) => {
      if (!error) this.#oneEnded()
    })
  }

  /** The client reads again, from these bytes on. */
  #leave(rest: Buffer): void {
    this.#diverted?.restore(rest)
    this.#diverted = null
  }

  #oneEnded(): void {
    this.#ends += 1
    if (this.#ends === 2 && !this.#failed) this.#settled.resolve(this.#count)
  }

  handleError(error: Error): void {
    if (this.#fail(error)) this.#into.destroy(new Error('no more rows come', { cause: error }))
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#count = BigInt(/^COPY (\d+)/.exec(text)?.[1] ?? 0)
  }

  handleReadyForQuery(): void {
    this.#oneEnded()
  }
}
