import { mkdirSync, mkdtempDisposableSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { haveSameBytes } from './same-bytes.ts'

const PIECE = 1024 ** 2

test('two files are the same where every byte is, the last one too', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'tidemark-same-'))
  const [a, b] = [join(folder.path, 'a'), join(folder.path, 'b')]
  for (const length of [0, 1, PIECE, 2 * PIECE + 5]) {
    const bytes = Buffer.alloc(length, 'tidemark')
    writeFileSync(a, bytes)
    writeFileSync(b, bytes)
    expect(await haveSameBytes(a, b), `${length}`).toBe(true)
    for (const at of [0, length - 1].filter((i) => i in bytes)) {
      const other = Buffer.from(bytes)
      other[at] = 0
      writeFileSync(b, other)
      expect(await haveSameBytes(a, b), `${at} of ${length}`).toBe(false)
    }
    writeFileSync(b, Buffer.concat([bytes, Buffer.alloc(1)]))
    expect(await haveSameBytes(a, b), `${length} and one more`).toBe(false)
  }
})

test('a file that is not there is like no other', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'tidemark-same-'))
  const [a, gone] = [join(folder.path, 'a'), join(folder.path, 'gone')]
  writeFileSync(a, '')
  expect(await haveSameBytes(a, gone)).toBe(false)
  expect(await haveSameBytes(gone, a)).toBe(false)
  expect(await haveSameBytes(gone, gone)).toBe(false)
})

test('a file that cannot be read is like no other', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'tidemark-same-'))
  const [a, unreadable] = [join(folder.path, 'a'), join(folder.path, 'b')]
  mkdirSync(unreadable)
  writeFileSync(join(unreadable, 'c'), '')
  const { size } = statSync(unreadable)
  expect(size).toBeGreaterThan(0)
  writeFileSync(a, Buffer.alloc(size))
  expect(await haveSameBytes(a, unreadable)).toBe(false)
  expect(await haveSameBytes(unreadable, a)).toBe(false)
})
