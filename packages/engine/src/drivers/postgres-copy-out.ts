/**
 * `COPY … TO STDOUT` as a stream of its bytes. The server sends every row in a message of its own, millions of them: their
 * headers are taken out of what the socket gave, in place, and nothing is made for a row.
 * https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-COPY
 */
import { Readable } from 'node:stream'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** What of the client's connection is needed: its socket, whose only reader is the client's parser. */
export interface CopyConnection {
  readonly stream: Readable
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

/** so many bytes wait for the collector at the most, besides those that are under way */
const COLLECTED_AFTER = 24 * 1024 ** 2

/**
 * Every read of a socket is a buffer of its own outside V8's heap, which the collector does not count: left to itself it
 * lets a hundred megabytes of them wait. A collection of the young takes some milliseconds, while the servers go on with
 * what their sockets hold.
 */
class Collector {
  readonly #collect: (how: { readonly type: 'minor' }) => void
  #since = 0

  constructor() {
    setFlagsFromString('--expose-gc')
    this.#collect = runInNewContext('gc') as (how: { readonly type: 'minor' }) => void
  }

  passed(bytes: number): void {
    this.#since += bytes
    if (this.#since < COLLECTED_AFTER) return
    this.#since = 0
    this.#collect({ type: 'minor' })
  }
}
let collector: Collector | null = null

/** As the client wants a query to be. */
export class CopyOutStream extends Readable {
  readonly #text: string
  #connection: CopyConnection | null = null
  #parser: ((bytes: Buffer) => void) | null = null
  readonly #header = Buffer.alloc(HEADER_BYTES)
  #headerBytes = 0
  /** bytes of the present message that have not come yet */
  #awaited = 0
  #isData = false
  readonly #ended: (rows: bigint) => void
  readonly #collector = (collector ??= new Collector())
  #rows = 0n

  /** `ended`: the server is ready again, and has said how many rows there were. */
  constructor(text: string, ended: (rows: bigint) => void) {
    super({ highWaterMark: 64 * 1024 })
    this.#text = text
    this.#ended = ended
  }

  submit(connection: CopyConnection): void {
    this.#connection = connection
    const { stream } = connection
    const [parser, ...others] = stream.listeners('data')
    if (parser === undefined || others.length > 0) throw new TypeError('the socket has one reader')
    this.#parser = parser as (bytes: Buffer) => void
    stream.off('data', this.#parser)
    stream.on('data', this.#take)
    connection.query(this.#text)
  }

  override _read(): void {
    if (this.#parser !== null) this.#connection?.stream.resume()
  }

  readonly #take = (chunk: Buffer): void => {
    this.#collector.passed(chunk.length)
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
      const rest = chunk.subarray(at)
      this.#give(chunk.subarray(0, kept))
      if (letter !== COPY_DONE) return this.#leave(Buffer.concat([this.#header, rest]))
      this.push(null)
      return this.#leave(rest)
    }
    this.#give(chunk.subarray(0, kept))
  }

  #give(bytes: Buffer): void {
    if (bytes.length > 0 && !this.push(bytes)) this.#connection?.stream.pause()
  }

  /** The client reads again, from these bytes on. */
  #leave(bytes: Buffer): void {
    const [stream, parser] = [this.#connection?.stream, this.#parser]
    if (!stream || !parser) return
    this.#parser = null
    stream.off('data', this.#take)
    stream.on('data', parser)
    if (bytes.length > 0) parser(bytes)
    process.nextTick(() => stream.resume())
  }

  handleError(error: Error): void {
    this.destroy(error)
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#rows = BigInt(/^COPY (\d+)/.exec(text)?.[1] ?? 0)
  }

  handleReadyForQuery(): void {
    this.#ended(this.#rows)
  }
}
