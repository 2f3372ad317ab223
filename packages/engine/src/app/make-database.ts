import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { openDuckdbFile } from '../drivers/duckdb.ts'

/** Makes a DuckDB file and runs statements in it: the sample data of `init`. */
export async function makeDatabase(path: string, statements: readonly string[]): Promise<void> {
  mkdirSync(dirname(path), { recursive: true })
  await using file = await openDuckdbFile(path, 'write', { memoryBytes: null, threads: null, tempDir: null })
  using session = await file.session()
  await session.run(`USE "${file.catalog.replaceAll('"', '""')}"`)
  for (const statement of statements) await session.run(statement)
  await session.run('USE memory')
}
