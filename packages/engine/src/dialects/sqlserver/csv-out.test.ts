import { setImmediate } from 'node:timers/promises'
import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { CsvOut } from './csv-out.ts'

/** Takes a while for each piece, and looks at its bytes only then. */
class Slow extends Writable {
  readonly pieces: Buffer[] = []
  readonly buffers = new Set<ArrayBufferLike>()

  constructor() {
    super({ highWaterMark: 1 })
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.buffers.add(chunk.buffer)
    void setImmediate().then(() => {
      this.pieces.push(Buffer.from(chunk))
      done()
    })
  }
}

const line = (i: number): string => `${i},"€ 😀 ${'x'.repeat(i % 900)}"\n`

test('lines arrive as they were added, in few buffers that are used again', async () => {
  const into = new Slow()
  const out = new CsvOut(into, false)
  let all = ''
  for (let i = 0; i < 5_000; i++) {
    all += line(i)
    out.add(line(i))
    await out.room()
  }
  await out.end()
  expect(Buffer.concat(into.pieces).toString()).toBe(all)
  expect(into.buffers.size).toBe(4)
  expect(into.pieces.length).toBeLessThan(all.length / 50_000)
})

test('a pair of halves is one character wherever pieces are cut', async () => {
  const into = new Slow()
  const out = new CsvOut(into, false)
  // the halves of every second character lie on either side of the end of a piece
  await out.quoted(['x', ...Array.from({ length: 200_000 }, () => '😀')])
  await out.end()
  expect(Buffer.concat(into.pieces).toString()).toBe(`"x${'😀'.repeat(200_000)}"`)
})

test('a text in parts has its marks doubled, and bytes are digits', async () => {
  const into = new Slow()
  const out = new CsvOut(into, false)
  await out.quoted(['a"', '"b', '"'])
  out.add(',')
  await out.digits([Buffer.from([0, 255]), Buffer.alloc(100_000, 1)])
  await out.end()
  expect(Buffer.concat(into.pieces).toString()).toBe(`"a""""b""",\\x00ff${'01'.repeat(100_000)}`)
})

test('half of a character is refused with what stands around it, and without where nobody may see it', async () => {
  const half = async (discreet: boolean): Promise<void> => {
    const out = new CsvOut(new Slow(), discreet)
    out.add('before \ud83d after\n')
    await out.end()
  }
  await expect(half(false)).rejects.toMatchObject({
    code: 'TM4019',
    detail: expect.stringContaining('before \\ud83d after'),
  })
  await expect(half(true)).rejects.toMatchObject({ detail: expect.not.stringContaining('before') })
})

test('what the stream fails with is thrown to whoever writes, waiting or not', async () => {
  const into = new Writable({
    write: (_chunk, _encoding, done) => void setImmediate().then(() => done(new Error('no room'))),
  })
  const out = new CsvOut(into, false)
  const write = async (): Promise<void> => {
    for (let i = 0; i < 5_000; i++) {
      out.add(line(i))
      await out.room()
    }
    await out.end()
  }
  await expect(write()).rejects.toThrow('no room')
})
