/**
 * A peer on the loopback that speaks SQL Server's protocol and knows no SQL: it answers what it was told to answer, and
 * breaks where it was told to break. What the driver does about it is executed by tests, and not assumed.
 */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createServer as createTlsServer } from 'node:tls'
import { LOCALHOST_CERTIFICATE, LOCALHOST_KEY } from '../tls-of-tests.ts'
import type { PeerLogin } from './login.ts'
import { type Answer, PeerSession } from './peer-session.ts'

export interface PeerOptions {
  readonly answer?: Answer
  /** instead of what the settings of the client and of the driver are answered with */
  readonly opening?: Answer
  /** none: it has no encryption · inside: as the protocol does it · strict: before its first byte */
  readonly tls?: 'none' | 'inside' | 'strict'
  /** what a login is answered with; null: it is let in; `silence`: with nothing */
  readonly login?: (login: PeerLogin, attempt: number) => Buffer | null | 'silence'
}

const CERTIFICATE = { cert: LOCALHOST_CERTIFICATE, key: LOCALHOST_KEY }

export class TdsPeer implements AsyncDisposable {
  readonly port: number
  /** in the order in which they came */
  readonly sessions: PeerSession[] = []
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #attempts = 0

  private constructor(server: Server, options: PeerOptions) {
    const { answer = () => null, opening = () => null, tls = 'none', login = () => null } = options
    const address = server.address()
    if (address === null || typeof address === 'string') throw new TypeError('a peer has a port')
    this.port = address.port
    this.#server = server
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.setNoDelay(true)
      socket.on('close', () => this.#sockets.delete(socket))
    })
    server.on(tls === 'strict' ? 'secureConnection' : 'connection', (socket: Duplex) => {
      const session = new PeerSession(socket, {
        answer,
        opening,
        certificate: tls === 'inside' ? CERTIFICATE : null,
        login: (who) => login(who, ++this.#attempts),
      })
      this.sessions.push(session)
    })
  }

  static async open(options: PeerOptions = {}): Promise<TdsPeer> {
    const server =
      options.tls === 'strict' ? createTlsServer({ ...CERTIFICATE, ALPNProtocols: ['tds/8.0'] }) : createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new TdsPeer(server, options)
  }

  /** How many connections are open. */
  get open(): number {
    return this.#sockets.size
  }

  /** Everything that was asked in all sessions, as far as it is text. */
  get texts(): readonly string[] {
    return this.sessions.flatMap((s) => s.texts)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
