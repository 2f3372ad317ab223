/** The bytes of a COPY, however the network cuts them. That the server speaks so is shown by the suite `live`. */
import { buffer } from 'node:stream/consumers'
import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CopyOutStream } from './postgres-copy-out.ts'

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
  const copy = new CopyOutStream('COPY', () => {})
  copy.submit({ stream: socket, query: () => {} })
  for (let at = 0, i = 0; at < sent.length; i++) {
    const end = at + (sizes[i % sizes.length] ?? 1)
    socket.write(Buffer.from(sent.subarray(at, end)))
    at = end
  }
  return { copy, rest: () => Buffer.concat(parsed) }
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
      const { copy, rest: parsed } = await copied(sent, sizes)
      const rows = Buffer.concat(all.filter((m) => m.letter === 'd').map((m) => m.bytes))
      expect((await buffer(copy)).equals(rows)).toBe(true)
      await new Promise(setImmediate)
      expect(parsed().equals(rest)).toBe(true)
    }),
  )
})

test('an error in the middle is left to the client whole, and ends the rows as an error', async () => {
  await fc.assert(
    fc.asyncProperty(messages, bytes, cuts, async (all, said, sizes) => {
      const error = message('E', said)
      const { copy, rest } = await copied(Buffer.concat([...all.map((m) => message(m.letter, m.bytes)), error]), sizes)
      const read = buffer(copy)
      while (rest().length < error.length) await new Promise(setImmediate)
      expect(rest().equals(error)).toBe(true)
      copy.handleError(new Error('as the client says it'))
      await expect(read).rejects.toThrow('as the client says it')
    }),
  )
})
