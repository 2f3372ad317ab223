/** Messages in packets: https://learn.microsoft.com/openspecs/windows_protocols/ms-tds/e5ea8520-1ea3-4a75-a2a9-c17e63e9ee19 */
import type { Duplex } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'

export const PACKET = {
  batch: 1,
  rpc: 3,
  reply: 4,
  attention: 6,
  bulk: 7,
  fedAuthToken: 8,
  transaction: 14,
  login: 16,
  sspi: 17,
  prelogin: 18,
} as const

export const HEADER_BYTES = 8
const LAST = 0x01
const IGNORE = 0x02

export interface Packet {
  readonly type: number
  readonly last: boolean
  /** of the last one: the message was given up by its sender */
  readonly ignored: boolean
  readonly data: Buffer
}

/** One message, whose packets have to be read to its end before the next one begins. */
export interface Message {
  readonly type: number
  readonly data: AsyncIterable<Buffer>
  /** known once it is read */
  ignored(): boolean
}

/** The packets that come out of these bytes. Ends where they do, also in the middle of a packet. */
export async function* packetsOf(source: AsyncIterable<Buffer>): AsyncGenerator<Packet> {
  let waiting: Buffer = Buffer.alloc(0)
  for await (const bytes of source) {
    waiting = waiting.length === 0 ? bytes : Buffer.concat([waiting, bytes])
    while (waiting.length >= HEADER_BYTES) {
      const length = waiting.readUInt16BE(2)
      if (waiting.length < length) break
      const status = waiting[1] ?? 0
      yield {
        type: waiting[0] ?? 0,
        last: (status & LAST) !== 0,
        ignored: (status & IGNORE) !== 0,
        data: waiting.subarray(HEADER_BYTES, length),
      }
      waiting = waiting.subarray(length)
    }
  }
}

export async function* messagesOf(packets: AsyncGenerator<Packet>): AsyncGenerator<Message> {
  try {
    for (;;) {
      const first = await packets.next()
      if (first.done === true) return
      const message = new MessageInPackets(first.value, packets)
      const { data } = message
      yield { type: first.value.type, data, ignored: () => message.ignored }
      // what its reader left of it
      for await (const _ of data);
    }
  } finally {
    await packets.return(undefined)
  }
}

class MessageInPackets {
  ignored: boolean
  readonly data: AsyncGenerator<Buffer>

  constructor(first: Packet, packets: AsyncGenerator<Packet>) {
    this.ignored = first.ignored
    this.data = this.#all(first, packets)
  }

  async *#all(first: Packet, packets: AsyncGenerator<Packet>): AsyncGenerator<Buffer> {
    yield first.data
    for (let { last } = first; !last; ) {
      const next = await packets.next()
      if (next.done === true) throw new RangeError('the connection ended in the middle of a message')
      last = next.value.last
      this.ignored ||= next.value.ignored
      yield next.value.data
    }
  }
}

/** Among the bytes of a message: what came until here is sent now, as a packet that is not full. */
export const FLUSH: Buffer = Buffer.alloc(0)

/** Bytes as packets, as a server sends them. */
export class PacketWriter {
  readonly #into: Duplex
  readonly #dataBytes: number
  #id = 0

  constructor(into: Duplex, packetBytes: number) {
    this.#into = into
    this.#dataBytes = packetBytes - HEADER_BYTES
  }

  async write(type: number, tokens: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<void> {
    this.#id = 0
    let waiting: Buffer = Buffer.alloc(0)
    for await (const bytes of tokens) {
      if (bytes === FLUSH && waiting.length > 0) {
        await this.#packet(type, 0, waiting)
        waiting = FLUSH
      }
      waiting = waiting.length === 0 ? bytes : Buffer.concat([waiting, bytes])
      while (waiting.length > this.#dataBytes) {
        await this.#packet(type, 0, waiting.subarray(0, this.#dataBytes))
        waiting = waiting.subarray(this.#dataBytes)
      }
    }
    await this.#packet(type, LAST, waiting)
  }

  async #packet(type: number, status: number, data: Buffer): Promise<void> {
    const header = Buffer.alloc(HEADER_BYTES)
    header.writeUInt8(type, 0)
    header.writeUInt8(status, 1)
    header.writeUInt16BE(HEADER_BYTES + data.length, 2)
    this.#id = (this.#id + 1) % 256
    header.writeUInt8(this.#id, 6)
    const { promise, resolve } = Promise.withResolvers<void>()
    if (this.#into.destroyed) throw new Error('the connection is closed')
    this.#into.write(Buffer.concat([header, data]), () => resolve())
    if (status === LAST) return
    // the client lives in the same process; and who cuts the connection next has sent what came before
    await promise
    await nextTurn()
  }
}
