/** A DuckDB file of a world of its own, whose other end another engine has. */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import { join } from 'node:path'
import { openDuckdbFile } from '../../src/drivers/duckdb.ts'

type Rows = readonly (readonly (string | null)[])[]
type Run = (text: string) => Promise<Rows>

export class DuckdbTestFile implements Disposable {
  readonly #dir = mkdtempSync(join(os.tmpdir(), 'tidemark-ends-'))
  readonly path = join(this.#dir, 'source.duckdb')

  exec(statements: readonly string[]): Promise<void> {
    return this.#within('write', async (run) => {
      for (const statement of statements) await run(statement)
    })
  }

  rows(query: string): Promise<Rows> {
    return this.#within('read', (run) => run(query))
  }

  async #within<T>(mode: 'read' | 'write', work: (run: Run) => Promise<T>): Promise<T> {
    await using file = await openDuckdbFile(this.path, mode, { memoryBytes: null, threads: null, tempDir: this.#dir })
    using session = await file.session()
    await session.run(`USE "${file.catalog}"`)
    const done = await work((text) => session.rows(text))
    await session.run('USE memory')
    return done
  }

  [Symbol.dispose](): void {
    rmSync(this.#dir, { recursive: true, force: true })
  }
}
