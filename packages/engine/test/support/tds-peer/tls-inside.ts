/** TLS as this protocol begins it: its first messages in packets of their own kind, from then on bare. */
import { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { HEADER_BYTES, PACKET } from './packets.ts'

const LAST = 0x01

class Wrapping extends Duplex {
  readonly #outer: Duplex
  #bare = false
  #waiting: Buffer = Buffer.alloc(0)
  readonly #answer: Buffer[] = []

  constructor(outer: Duplex, first: Buffer) {
    super()
    this.#outer = outer
    outer.on('data', (bytes: Buffer) => this.#take(bytes))
    outer.on('end', () => this.push(null))
    outer.on('close', () => this.destroy())
    outer.on('error', (error) => this.destroy(error))
    if (first.length > 0) this.#take(first)
  }

  #take(bytes: Buffer): void {
    if (this.#bare) {
      if (!this.push(bytes)) this.#outer.pause()
      return
    }
    this.#waiting = Buffer.concat([this.#waiting, bytes])
    while (this.#waiting.length > 0) {
      if (this.#waiting[0] !== PACKET.prelogin) {
        // what is encrypted already comes as it is
        this.#bare = true
        this.push(this.#waiting)
        return
      }
      const length = this.#waiting.length < HEADER_BYTES ? Infinity : this.#waiting.readUInt16BE(2)
      if (this.#waiting.length < length) return
      this.push(this.#waiting.subarray(HEADER_BYTES, length))
      this.#waiting = this.#waiting.subarray(length)
    }
  }

  override _read(): void {
    this.#outer.resume()
  }

  override _write(bytes: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.#bare) return void this.#outer.write(bytes, done)
    // each message of the client is answered by one, whatever it is made of
    this.#answer.push(bytes)
    if (this.#answer.length === 1) setImmediate(() => this.#send())
    done()
  }

  #send(): void {
    const bytes = Buffer.concat(this.#answer.splice(0))
    const header = Buffer.alloc(HEADER_BYTES)
    header.writeUInt8(PACKET.prelogin, 0)
    header.writeUInt8(LAST, 1)
    header.writeUInt16BE(HEADER_BYTES + bytes.length, 2)
    this.#outer.write(Buffer.concat([header, bytes]))
  }

  override _final(done: () => void): void {
    this.#outer.end(done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#outer.destroy()
    done(error)
  }
}

export interface PeerCertificate {
  readonly cert: string
  readonly key: string
}

/** The server's side, from the answer to the first message on. `first`: what came with that message. */
export const tlsInside = (outer: Duplex, first: Buffer, certificate: PeerCertificate): Duplex =>
  new TLSSocket(new Wrapping(outer, first), { isServer: true, ...certificate })
