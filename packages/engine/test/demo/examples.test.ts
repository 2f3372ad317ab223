/** Every example, played by the real `npm run example` program, and its comparison on a target that is not right. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempDisposableSync, readdirSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { listExamples } from '../../../../examples/play/list-examples.ts'
import { Stage } from '../../../../examples/play/stage.ts'
import { Narrator } from '../../src/demo/narrator.ts'
import { openDuckdbFile } from '../../src/drivers/duckdb.ts'

const MAIN = path.resolve(import.meta.dirname, '../../../../examples/play/main.ts')

async function example(...argv: readonly string[]): Promise<{ exit: number | null; out: string; err: string }> {
  const child = spawn(process.execPath, ['--conditions=tidemark-source', MAIN, ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [out, err] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  await once(child, 'close')
  return { exit: child.exitCode, out, err }
}

async function inTarget(file: string, ...statements: readonly string[]): Promise<void> {
  await using opened = await openDuckdbFile(file, 'write', { memoryBytes: null, threads: null, tempDir: null })
  using session = await opened.session()
  await session.run(`USE "${opened.catalog}"`)
  for (const statement of statements) await session.run(statement)
  await session.run('USE memory')
}

/** Each with what is done to its target afterwards: a row less, a row more, a value that differs. */
const DAMAGE = {
  'documents-tree': {
    file: 'data/archive.duckdb',
    flow: 'documents.files',
    statements: [
      "DELETE FROM documents WHERE path_locator = '/west/2026/12/letter 3.txt'",
      "INSERT INTO documents FROM documents WHERE path_locator = '/west/2026/12/letter 4.txt'",
      "UPDATE documents SET content = NULL WHERE path_locator = '/west/2026/12/letter 5.txt'",
    ],
  },
  'files-to-duckdb': {
    file: 'data/lake.duckdb',
    flow: 'shop.orders',
    statements: [
      'DELETE FROM orders WHERE order_id = 3',
      'INSERT INTO customers FROM customers WHERE customer_id = 4',
      'UPDATE orders SET note = NULL WHERE order_id = 1',
    ],
  },
} as const

test.each(Object.entries(DAMAGE))(
  'the example %s plays to its end with 0 differences, and finds those that there are',
  async (name, { file, flow, statements }) => {
    using kept = mkdtempDisposableSync(path.join(os.tmpdir(), 'tidemark-example-'))
    const played = await example(name, '--keep', kept.path)
    expect({ ...played, out: '' }).toEqual({ exit: 0, out: '', err: '' })
    expect(played.out).toContain('✓ 0 differences')
    expect(played.out).not.toContain('✗')

    await inTarget(path.join(kept.path, file), ...statements)
    const again = await example('--compare', kept.path)
    expect([again.exit, again.err]).toEqual([1, ''])
    expect(again.out).toContain('✗ 4 differences')

    const plain = (text: string): string => text
    const style = { bold: plain, dim: plain, good: plain, bad: plain }
    const narrator = new Narrator(() => {}, style)
    const stage = new Stage({ project: kept.path, narrator, signal: new AbortController().signal })
    await expect(stage.did(flow, 'more rows than there were', { inserted: 123_456 })).rejects.toThrow(
      'more rows than there were',
    )
  },
)

test('an example without a name lists them all, and what is none, or a folder in use, is refused', async () => {
  const names = listExamples().map(({ name }) => name)
  expect(names).toEqual(Object.keys(DAMAGE))
  const listed = await example()
  expect([listed.exit, listed.err]).toEqual([0, ''])
  for (const { name, title } of listExamples()) expect(listed.out).toMatch(new RegExp(`^  ${name} +${title}$`, 'm'))

  expect(await example('no-such')).toMatchObject({ exit: 2, err: expect.stringContaining(names[0] ?? '') })
  expect(await example('--force')).toMatchObject({ exit: 2, err: expect.stringContaining('npm run example') })
  expect(await example('documents-tree', '--keep', import.meta.dirname)).toMatchObject({
    exit: 2,
    err: expect.stringContaining('not empty'),
  })
  expect(await example('documents-tree', '--keep', MAIN)).toMatchObject({ exit: 2 })
  expect(await example('--compare', import.meta.dirname)).toMatchObject({ exit: 2 })
  expect(existsSync(path.join(import.meta.dirname, 'tidemark.yaml'))).toBe(false)
  expect(readdirSync(import.meta.dirname)).toContain('examples.test.ts')
})
