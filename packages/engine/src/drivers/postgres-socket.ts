/**
 * The socket of one connection. Node makes a buffer for every read, outside the heap, and collecting them costs more than
 * everything else that passing bytes on does; here reads go into buffers that are used again.
 * https://nodejs.org/api/net.html#socketconnectoptions-connectlistener (onread)
 */
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

const READ_BYTES = 128 * 1024
/** buffers that a socket lends at the most: more than a taker lets wait before it pauses the socket */
const LENT = 8

/** What came; `giveBack`: its buffer is free again. Whoever wants no more for now pauses the socket. */
export type Taker = (bytes: Buffer, giveBack: () => void) => void

export class PostgresSocket extends Socket {
  readonly #reads: Reads

  constructor() {
    const reads = new Reads()
    super({ onread: { buffer: () => reads.next(), callback: (bytes) => reads.take(this, bytes) } })
    this.#reads = reads
  }

  /** Whatever comes is this one's, and no event tells of it; null: it comes as the event `data` again. */
  set taker(taker: Taker | null) {
    this.#reads.taker = taker
  }
}

class Reads {
  taker: Taker | null = null
  readonly #own = Buffer.allocUnsafeSlow(READ_BYTES / 2)
  readonly #free: Buffer[] = []
  #made = 0
  #present: Buffer = this.#own

  /** What the next read goes into. Where all are lent it is the socket's own, whose bytes are copied. */
  next(): Buffer {
    const lent = this.taker === null ? undefined : (this.#free.pop() ?? this.#make())
    return (this.#present = lent ?? this.#own)
  }

  #make(): Buffer | undefined {
    if (this.#made === LENT) return undefined
    this.#made += 1
    return Buffer.allocUnsafeSlow(READ_BYTES)
  }

  take(socket: Socket, length: number): true {
    const buffer = this.#present
    const bytes = buffer.subarray(0, length)
    if (buffer === this.#own || this.taker === null) {
      const copied = Buffer.from(bytes)
      if (buffer !== this.#own) this.#free.push(buffer)
      if (this.taker !== null) this.taker(copied, () => {})
      else socket.emit('data', copied)
    } else this.taker(bytes, () => this.#free.push(buffer))
    return true
  }
}

/** Until it is given back, what a connection's socket reads is the taker's. Bytes that come encrypted are never lent. */
export function divert(stream: Duplex, taker: Taker): { restore(rest: Buffer): void } {
  const [parser, ...others] = stream.listeners('data') as ((bytes: Buffer) => void)[]
  if (parser === undefined || others.length > 0) throw new TypeError('the socket has one reader')
  const take = (bytes: Buffer): void => taker(bytes, () => {})
  if (stream instanceof PostgresSocket) stream.taker = taker
  else stream.off('data', parser).on('data', take)
  return {
    restore: (rest) => {
      if (stream instanceof PostgresSocket) stream.taker = null
      else stream.off('data', take).on('data', parser)
      if (rest.length > 0) parser(rest)
      process.nextTick(() => stream.resume())
    },
  }
}
