/** A way to a live server on which every exchange after a login is written down. */
import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { ByteReader } from './bytes.ts'
import { messagesOf, PACKET, packetsOf } from './packets.ts'
import { isOpening } from './peer-session.ts'
import type { Exchange } from './recording.ts'
import { type PeerRequest, readRequest } from './requests.ts'

interface Pending {
  readonly request: PeerRequest
  cancelled: boolean
  readonly replies: Buffer[]
}

export class TdsRecorder implements AsyncDisposable {
  readonly port: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #pending: Pending[] = []

  private constructor(server: Server) {
    const address = server.address()
    if (address === null || typeof address === 'string') throw new TypeError('a recorder has a port')
    this.port = address.port
    this.#server = server
  }

  /** The server must not encrypt. */
  static async to(host: string, port: number): Promise<TdsRecorder> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const recorder = new TdsRecorder(server)
    server.on('connection', (client) => recorder.#pass(client, connect(port, host)))
    return recorder
  }

  get exchanges(): readonly Exchange[] {
    return this.#pending.map((p) => ({ ...p, replies: p.replies.map(withoutWords) }))
  }

  #pass(client: Socket, server: Socket): void {
    const asked = new PassThrough()
    const answered = new PassThrough()
    for (const [from, into, copy] of [
      [client, server, asked],
      [server, client, answered],
    ] as const) {
      this.#sockets.add(from)
      from.pipe(into)
      from.on('data', (bytes: Buffer) => copy.write(bytes))
      from.on('error', () => into.destroy())
      from.on('close', () => copy.end())
    }
    void this.#listen(asked, answered)
  }

  async #listen(asked: PassThrough, answered: PassThrough): Promise<void> {
    // null: of the login, which holds a password, and of what every session begins with
    const waiting: (Pending | null)[] = []
    const readAnswers = async (): Promise<void> => {
      for await (const message of messagesOf(packetsOf(answered))) {
        const bytes = await new ByteReader(message.data).rest()
        waiting.shift()?.replies.push(bytes)
      }
    }
    const readQuestions = async (): Promise<void> => {
      for await (const message of messagesOf(packetsOf(asked))) {
        if (message.type === PACKET.attention) {
          await new ByteReader(message.data).rest()
          const cancelled = this.#pending.at(-1)
          if (cancelled !== undefined) cancelled.cancelled ||= cancelled.replies.length === 0
          waiting.push(cancelled ?? null)
          continue
        }
        if (message.type === PACKET.prelogin || message.type === PACKET.login) {
          await new ByteReader(message.data).rest()
          waiting.push(null)
          continue
        }
        const { request } = await readRequest(message)
        const pending: Pending | null = isOpening(request) ? null : { request, cancelled: false, replies: [] }
        if (pending !== null) this.#pending.push(pending)
        waiting.push(pending)
      }
    }
    await Promise.all([readAnswers(), readQuestions()])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}

const ERROR = 0xaa
const INFO = 0xab
const WORDS = 'Words of the server.'

/** An error has its number, and other words of the same length: the server's are its maker's, and name it. */
function withoutWords(reply: Buffer): Buffer {
  const bytes = Buffer.from(reply)
  for (let at = 0; at + 12 < bytes.length; at++) {
    if (bytes[at] !== ERROR && bytes[at] !== INFO) continue
    const end = at + 3 + bytes.readUInt16LE(at + 1)
    if (end > bytes.length) continue
    const message = at + 11
    const server = message + bytes.readUInt16LE(at + 9) * 2
    if (server >= end) continue
    const procedure = server + 1 + bytes.readUInt8(server) * 2
    // it is one, where its parts are as long as it is
    if (procedure >= end || procedure + 1 + bytes.readUInt8(procedure) * 2 + 4 !== end) continue
    const characters = (server - message) / 2
    bytes.write(WORDS.slice(0, characters).padEnd(characters, '.'), message, 'utf16le')
    bytes.write('S'.repeat(bytes.readUInt8(server)), server + 1, 'utf16le')
    at = end - 1
  }
  return bytes
}
