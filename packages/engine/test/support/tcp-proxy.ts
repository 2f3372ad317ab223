/** A way to a server that can be held up in the middle of a transfer, and cut. */
import { once } from 'node:events'
import { createServer, connect, type Server, type Socket } from 'node:net'

export type Direction = 'up' | 'down'

interface Arming {
  readonly direction: Direction
  readonly afterBytes: number
  readonly how: 'hold' | 'cut' | 'gather'
  readonly reached: () => void
}

export class TcpProxy implements AsyncDisposable {
  readonly port: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #held: (() => void)[] = []
  #armed: Arming | null = null

  private constructor(server: Server) {
    const address = server.address()
    if (address === null || typeof address === 'string') throw new TypeError('a proxy has a port')
    this.port = address.port
    this.#server = server
  }

  static async to(port: number, host = '127.0.0.1'): Promise<TcpProxy> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const proxy = new TcpProxy(server)
    server.on('connection', (client) => proxy.#pass(client, connect(port, host)))
    return proxy
  }

  /** The same address, by this way. */
  urlOf(url: string): string {
    const by = new URL(url)
    by.port = String(this.port)
    return by.href
  }

  /**
   * The first connection that has passed so many bytes in that direction since is held up there, or cut at both ends; or
   * all that it sends from there on is gathered, and arrives in one piece.
   * `up`: to the server. Resolves when it is.
   */
  arm(direction: Direction, afterBytes: number, how: Arming['how']): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#armed = { direction, afterBytes, how, reached: resolve }
    return promise
  }

  /** What was held up goes on. */
  release(): void {
    for (const go of this.#held.splice(0)) go()
  }

  #pass(client: Socket, server: Socket): void {
    for (const [from, into, direction] of [
      [client, server, 'up'],
      [server, client, 'down'],
    ] as const) {
      let counted: Arming | null = null
      let passed = 0
      let gathered: Buffer[] | null = null
      this.#sockets.add(from)
      from.on('error', () => into.destroy())
      from.on('close', () => {
        this.#sockets.delete(from)
        if (gathered === null) into.destroy()
      })
      from.on('data', (bytes: Buffer) => {
        if (gathered !== null) return void gathered.push(bytes)
        if (counted !== this.#armed) [counted, passed] = [this.#armed, 0]
        passed += bytes.length
        const armed = this.#armed
        if (armed === null || armed.direction !== direction || passed < armed.afterBytes) {
          if (!into.write(bytes)) {
            from.pause()
            into.once('drain', () => from.resume())
          }
          return
        }
        this.#armed = null
        if (armed.how === 'cut') {
          client.resetAndDestroy()
          server.resetAndDestroy()
        } else if (armed.how === 'gather') {
          const all = (gathered = [bytes])
          this.#held.push(() => into.end(Buffer.concat(all)))
        } else {
          from.pause()
          this.#held.push(() => {
            into.write(bytes)
            from.resume()
          })
        }
        armed.reached()
      })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
