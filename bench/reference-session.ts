/** What a person with the same DuckDB would use: one instance with the engine's own limits, warm, and nothing else. */
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { loadProject } from '../packages/engine/src/definition/load-project.ts'

/** What two batches of twelve columns on two threads get that read files, where a project says nothing: `drivers/duckdb.ts`. */
const OURS_BY_DEFAULT = (192 + 2 * 2 * (12 * 0.25 + 64)) * 1024 ** 2

/** Seconds that `work` takes in a warm session under the limits of the project in `dir`. */
export async function timedSession(dir: string, work: (db: DuckDBConnection) => Promise<number>): Promise<number> {
  const { memoryBytes, threads, tempDir } = loadProject(dir).engine
  mkdirSync(tempDir, { recursive: true })
  const config: Record<string, string> = {
    autoinstall_known_extensions: 'false',
    temp_directory: tempDir,
    memory_limit: `${memoryBytes ?? OURS_BY_DEFAULT}B`,
  }
  if (threads !== null) config['threads'] = String(threads)
  const instance = await DuckDBInstance.create(':memory:', config)
  const db = await instance.connect()
  try {
    await db.run('CREATE TABLE warm AS SELECT range AS id, md5(CAST(range AS VARCHAR)) AS t FROM range(1000)')
    await db.run('CREATE TABLE warmed AS SELECT * FROM warm WHERE NOT EXISTS (SELECT 1 FROM warm w WHERE w.id < 0)')
    return await work(db)
  } finally {
    db.closeSync()
    instance.closeSync()
  }
}

export const quoted = (...parts: readonly string[]): string => `'${path.join(...parts).replaceAll("'", "''")}'`
