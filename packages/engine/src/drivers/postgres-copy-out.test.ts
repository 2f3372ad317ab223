/** The bytes of a COPY, however the network cuts them. That the server speaks so is shown by the suite `live`. */
import { buffer } from 'node:stream/consumers'
import { randomBytes } from 'node:crypto'
import { createServer, type Socket } from 'node:net'
import { once } from 'node:events'
import { PassThrough, Writable } from 'node:stream'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CopyOutQuery } from './postgres-copy-out.ts'
import { PostgresSocket } from './postgres-socket.ts'

function message(letter: string, bytes: Uint8Array): Buffer {
  const header = Buffer.alloc(5)
  header.write(letter, 'latin1')
  header.writeInt32BE(bytes.length + 4, 1)
  return Buffer.concat([header, bytes])
}

const bytes = fc.uint8Array({ maxLength: 300 })
const data = fc.record({ letter: fc.constant('d'), bytes })
const between = fc.record({ letter: fc.constantFrom('N', 'S', 'A'), bytes })
const messages = fc.array(fc.oneof({ weight: 5, arbitrary: data }, between), { maxLength: 60 })
const cuts = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 })

/** Sends these bytes in pieces of those sizes, over and over; what the stream gave, and what the client's parser got. */
async function copied(sent: Buffer, sizes: readonly number[]) {
  const socket = new PassThrough()
  const parsed: Buffer[] = []
  socket.on('data', (chunk: Buffer) => parsed.push(chunk))
  const into = new PassThrough()
  const copy = new CopyOutQuery('COPY', into)
  copy.rows.catch(() => undefined)
  copy.submit({ stream: socket, query: () => {} })
  const read = buffer(into)
  read.catch(() => undefined)
  for (let at = 0, i = 0; at < sent.length; i++) {
    const end = at + (sizes[i % sizes.length] ?? 1)
    socket.write(Buffer.from(sent.subarray(at, end)))
    at = end
  }
  return { copy, read, rest: () => Buffer.concat(parsed) }
}

test('rows arrive as they were sent, and what follows them is left to the client, wherever the bytes are cut', async () => {
  await fc.assert(
    fc.asyncProperty(messages, bytes, cuts, async (all, after, sizes) => {
      const rest = message('C', after)
      const begin = message('H', Uint8Array.of(1, 0, 0))
      const sent = Buffer.concat([
        begin,
        ...all.map((m) => message(m.letter, m.bytes)),
        message('c', new Uint8Array()),
        rest,
      ])
      const { copy, read, rest: parsed } = await copied(sent, sizes)
      const rows = Buffer.concat(all.filter((m) => m.letter === 'd').map((m) => m.bytes))
      expect((await read).equals(rows)).toBe(true)
      await new Promise(setImmediate)
      expect(parsed().equals(rest)).toBe(true)
      copy.handleCommandComplete({ text: 'COPY 7' })
      copy.handleReadyForQuery()
      expect(await copy.rows).toBe(7n)
    }),
  )
})

test('an error in the middle is left to the client whole, and ends the rows as an error', async () => {
  await fc.assert(
    fc.asyncProperty(messages, bytes, cuts, async (all, said, sizes) => {
      const error = message('E', said)
      const { copy, read, rest } = await copied(
        Buffer.concat([...all.map((m) => message(m.letter, m.bytes)), error]),
        sizes,
      )
      while (rest().length < error.length) await new Promise(setImmediate)
      expect(rest().equals(error)).toBe(true)
      copy.handleError(new Error('as the client says it'))
      await expect(copy.rows).rejects.toThrow('as the client says it')
      await expect(read).rejects.toThrow('no more rows come')
    }),
  )
})

test('a stream that is closed before its end, or fails, ends the copy', async () => {
  for (const failure of [undefined, new Error('no room')]) {
    const socket = new PassThrough().on('data', () => {})
    const into = new PassThrough()
    const copy = new CopyOutQuery('COPY', into)
    copy.submit({ stream: socket, query: () => {} })
    socket.write(message('d', Buffer.from('row')))
    into.destroy(failure)
    await expect(copy.rows).rejects.toThrow(failure?.message ?? 'closed before its end')
  }
})

test('a last write that fails fails the copy, though the server has said that all is well', async () => {
  const socket = new PassThrough().on('data', () => {})
  const full = new Writable({ write: (_chunk, _, done) => void setTimeout(() => done(new Error('no room')), 20) })
  const copy = new CopyOutQuery('COPY', full)
  copy.submit({ stream: socket, query: () => {} })
  socket.write(Buffer.concat([message('d', Buffer.from('row')), message('c', new Uint8Array())]))
  await new Promise(setImmediate)
  copy.handleReadyForQuery()
  await expect(copy.rows).rejects.toThrow('no room')
})

/** Done with bytes only after a while: they have to be what they were until it says so. */
function slowly(got: Buffer[], pauses: readonly number[]): Writable {
  let n = 0
  return new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _, done) {
      const before = Buffer.from(chunk)
      setTimeout(
        () => {
          got.push(before)
          done(before.equals(chunk) ? null : new Error('bytes changed while they were in use'))
        },
        (pauses[n++ % pauses.length] ?? 0) / 10,
      )
    },
  })
}

test('no buffer of a socket is used again before whoever has its bytes is done with them', async () => {
  const rows = fc.array(
    fc.integer({ min: 1, max: 200_000 }).map((n) => randomBytes(n)),
    { minLength: 10, maxLength: 30 },
  )
  const pauses = fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 10 })
  await fc.assert(
    fc.asyncProperty(rows, cuts, pauses, async (all, sizes, waits) => {
      const sent = Buffer.concat([...all.map((r) => message('d', r)), message('c', new Uint8Array())])
      const server = createServer((peer) => void send(peer, sent, sizes)).listen(0, '127.0.0.1')
      await once(server, 'listening')
      const socket = new PostgresSocket()
      try {
        const parsed: Buffer[] = []
        socket.on('data', (chunk: Buffer) => parsed.push(chunk))
        socket.connect((server.address() as { port: number }).port, '127.0.0.1')
        await once(socket, 'connect')
        const got: Buffer[] = []
        const copy = new CopyOutQuery('COPY', slowly(got, waits))
        copy.submit({ stream: socket, query: (text) => socket.write(text) })
        copy.handleReadyForQuery()
        await copy.rows
        expect(Buffer.concat(got).equals(Buffer.concat(all))).toBe(true)
        expect(Buffer.concat(parsed).toString()).toBe('')
        socket.write('more')
        await expect.poll(() => Buffer.concat(parsed).toString()).toBe('the end')
      } finally {
        socket.destroy()
        server.close()
      }
    }),
    { numRuns: 20 },
  )
})

/** When asked, the bytes in pieces of about those sizes; when asked again, a word. */
async function send(peer: Socket, bytes: Buffer, sizes: readonly number[]): Promise<void> {
  peer.setNoDelay(true).on('error', () => undefined)
  await once(peer, 'data')
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const end = at + (sizes[i % sizes.length] ?? 1) * 200
    if (!peer.write(bytes.subarray(at, end))) await once(peer, 'drain')
    at = end
  }
  await once(peer, 'data')
  peer.write('the end')
}
