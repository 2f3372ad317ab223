/**
 * Work of the harness itself in a DuckDB file: making data, changing it. Nothing of it is measured. In an instance of its
 * own, closed afterwards: the engine's instance takes its limits from whoever opens a file first, and that must be the flow.
 */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'

export async function inFile<T>(file: string, work: (db: DuckDBConnection) => Promise<T>): Promise<T> {
  const instance = await DuckDBInstance.create(file, { autoinstall_known_extensions: 'false' })
  const db = await instance.connect()
  try {
    await db.run("SET TimeZone = 'UTC'")
    return await work(db)
  } finally {
    db.closeSync()
    instance.closeSync()
  }
}
