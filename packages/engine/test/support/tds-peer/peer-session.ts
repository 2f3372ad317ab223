/** One connection of a peer. */
import type { Duplex } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { ByteReader } from './bytes.ts'
import { encryptionAsked, ENCRYPTION, type PeerLogin, preloginReply, readLogin } from './login.ts'
import { FLUSH, type Message, messagesOf, PACKET, packetsOf, PacketWriter } from './packets.ts'
import { type Asked, type PeerRequest, readRequest, statementOf } from './requests.ts'
import { type PeerCertificate, tlsInside } from './tls-inside.ts'
import * as tokens from './tokens.ts'

/** How a request is answered. */
export interface Reply {
  /** tokens, as a server sends them; left out: it is done */
  readonly tokens?: Iterable<Buffer> | AsyncIterable<Buffer>
  /** the answer begins so many milliseconds later, unless the request is cancelled before */
  readonly afterMs?: number
  /** none at all, until the request is cancelled */
  readonly silent?: boolean
  /** the connection is cut after so many bytes of the answer */
  readonly cutAfter?: number
  /** instead of no more than an end, where it is cancelled */
  readonly whenCancelled?: Buffer
  /** however it is cut into tokens: a cancellation ends it at its end alone */
  readonly whole?: boolean
  /** instead of the acknowledgement of a cancellation */
  readonly attention?: Buffer
  /** a cancellation is acknowledged so many milliseconds later; null: never */
  readonly attentionAfterMs?: number | null
  /** the connection is cut after so many bytes of the request that comes next */
  readonly cutNextAfter?: number
}

/** Null: the peer was told nothing of it, and says so in an error. */
export type Answer = (request: PeerRequest, session: PeerSession) => Reply | null

export interface SessionOptions {
  readonly answer: Answer
  readonly opening: Answer
  readonly certificate: PeerCertificate | null
  readonly login: (login: PeerLogin) => Buffer | null | 'silence'
}

const PACKET_BYTES = 4096
const LARGE_PACKET_BYTES = 16_384
const UNKNOWN = 70_000
let numbers = 50

export class PeerSession {
  readonly spid = ++numbers
  login: PeerLogin | null = null
  /** in the order in which they came, without those that the session begins with */
  readonly requests: PeerRequest[] = []
  attentions = 0
  /** requests that their sender gave up in the middle */
  ignored = 0
  closed = false
  /** what went wrong in the peer itself; a test that saw to it that nothing does looks here */
  problem: unknown = null
  readonly #options: SessionOptions
  #stream: Duplex
  #replying: Promise<void> = Promise.resolve()
  #cancel = new AbortController()
  #reply: Reply = {}
  #cutAfter: number | null = null

  constructor(socket: Duplex, options: SessionOptions) {
    this.#stream = socket
    this.#options = options
    socket.on('close', () => (this.closed = true))
    socket.on('error', () => {}) // whoever cuts knows
    this.#serve(socket).catch((error: unknown) => {
      if (!this.closed) this.problem = error
      socket.destroy()
    })
  }

  /** What was asked, as far as it is text. */
  get texts(): readonly string[] {
    return this.requests.flatMap((request) => statementOf(request) ?? [])
  }

  async #serve(socket: Duplex): Promise<void> {
    // the stream goes on when its first messages were read, encrypted or not
    const opening = messagesOf(packetsOf(socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>))
    const prelogin = await opening.next()
    if (prelogin.done === true) return
    const asked = encryptionAsked(await new ByteReader(prelogin.value.data).rest())
    const encrypts = this.#options.certificate !== null && asked !== ENCRYPTION.notSupported
    const says = encrypts ? ENCRYPTION.on : ENCRYPTION.notSupported
    await new PacketWriter(socket, PACKET_BYTES).write(PACKET.reply, [preloginReply(says)])
    await opening.return(undefined)
    if (encrypts && this.#options.certificate !== null) {
      this.#stream = tlsInside(socket, Buffer.alloc(0), this.#options.certificate)
      this.#stream.on('error', () => {})
    }
    const stream = this.#stream
    for await (const message of messagesOf(packetsOf(this.#counted(stream)))) {
      if (message.type === PACKET.attention) await this.#attend(message)
      else if (message.type === PACKET.login) await this.#enter(message)
      else this.#take(await readRequest(message))
    }
  }

  /** Cut where a reply said so. */
  async *#counted(stream: Duplex): AsyncGenerator<Buffer> {
    for await (const bytes of stream as AsyncIterable<Buffer>) {
      if (this.#cutAfter !== null && (this.#cutAfter -= bytes.length) <= 0) {
        this.#stream.destroy()
        return
      }
      yield bytes
    }
  }

  async #enter(message: Message): Promise<void> {
    this.login = await readLogin(message.data)
    const refused = this.#options.login(this.login)
    if (refused === 'silence') return
    await new PacketWriter(this.#stream, PACKET_BYTES).write(PACKET.reply, [
      refused ?? tokens.loggedIn(this.login.database, LARGE_PACKET_BYTES),
    ])
  }

  #take({ request, ignored }: Asked): void {
    const opening = openingReply(request, this.spid)
    if (ignored) this.ignored += 1
    else if (opening === null) this.requests.push(request)
    this.#cancel = new AbortController()
    if (ignored) this.#reply = {}
    else if (opening !== null) this.#reply = this.#options.opening(request, this) ?? opening
    else this.#reply = this.#options.answer(request, this) ?? unknown(request)
    this.#replying = this.#send(this.#reply, this.#cancel.signal).catch((error: unknown) => {
      if (!this.closed) this.problem = error
    })
  }

  async #send(reply: Reply, cancelled: AbortSignal): Promise<void> {
    const { afterMs = 0, silent = false, cutAfter = null } = reply
    if (reply.cutNextAfter !== undefined) this.#cutAfter = reply.cutNextAfter
    if (silent) await aborted(cancelled)
    else if (afterMs > 0) await sleep(afterMs, undefined, { signal: cancelled }).catch(() => {})
    const writer = new PacketWriter(this.#stream, this.login === null ? PACKET_BYTES : LARGE_PACKET_BYTES)
    await writer.write(PACKET.reply, this.#untilCancelled(reply, cancelled, cutAfter))
  }

  /** Who cancels gets no more of it, but an end. */
  async *#untilCancelled(
    { tokens: all = [tokens.done()], whenCancelled = tokens.done({ failed: true }), whole = false }: Reply,
    cancelled: AbortSignal,
    cutAfter: number | null,
  ): AsyncGenerator<Buffer> {
    let sent = 0
    if (!cancelled.aborted) {
      for await (const bytes of all) {
        if (cancelled.aborted && !whole) break
        if (cutAfter !== null && sent + bytes.length >= cutAfter) {
          yield bytes.subarray(0, cutAfter - sent)
          yield FLUSH
          this.#stream.destroy()
          return
        }
        sent += bytes.length
        yield bytes
      }
    }
    if (cancelled.aborted && (!whole || sent === 0)) yield whenCancelled
  }

  async #attend(message: Message): Promise<void> {
    await new ByteReader(message.data).rest()
    this.attentions += 1
    const { attentionAfterMs = 0, attention = tokens.attentionDone() } = this.#reply
    if (attentionAfterMs === null) return
    if (attentionAfterMs > 0) await sleep(attentionAfterMs)
    this.#cancel.abort()
    await this.#replying
    await new PacketWriter(this.#stream, LARGE_PACKET_BYTES).write(PACKET.reply, [attention])
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve())))

function unknown(request: PeerRequest): Reply {
  const what = JSON.stringify(request, (_, v: unknown) => (typeof v === 'bigint' ? `${v}` : v))
  return {
    tokens: [
      tokens.error({ number: UNKNOWN, message: `the peer was told nothing of: ${what.slice(0, 500)}` }),
      tokens.done({ failed: true }),
    ],
  }
}

const CLIENT_SETTINGS = /^set \w+ .*(?:\nset .*)*$/
const OWN_SETTINGS = /(?:^|\n)SELECT @@SPID$/

/** Settings of the client, and those of the driver, which end with a question for the number of its session. */
export const isOpening = (request: PeerRequest): boolean =>
  request.kind === 'batch' && (CLIENT_SETTINGS.test(request.text) || OWN_SETTINGS.test(request.text))

function openingReply(request: PeerRequest, spid: number): Reply | null {
  if (request.kind !== 'batch' || !isOpening(request)) return null
  if (CLIENT_SETTINGS.test(request.text)) return {}
  const of: readonly tokens.PeerColumn[] = [{ name: '', type: 'int' }]
  return { tokens: [tokens.columns(of), tokens.row(of, [spid]), tokens.done({ rows: 1n })] }
}
