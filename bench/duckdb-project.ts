/** Projects whose target is a DuckDB file, warmed by a small one. */
import { rmSync } from 'node:fs'
import path from 'node:path'
import type { App } from '../packages/engine/src/app/app.ts'
import { openWarm, type ProjectText, writeProject } from './bench-project.ts'
import { inFile } from './duckdb-file.ts'

export interface DuckdbFlow extends Pick<ProjectText, 'capture' | 'apply' | 'memory'> {
  /** YAML of the connection `from` */
  readonly from: string
  readonly table: string
}

/** Makes the project anew: the flow `bench.orders` into `target.duckdb`. */
export function writeDuckdbProject(dir: string, { from, table, ...flow }: DuckdbFlow): void {
  writeProject(dir, {
    ...flow,
    connections: {
      warm: '{ kind: duckdb, path: warm.duckdb }',
      warmed: '{ kind: duckdb, path: warmed.duckdb }',
      from,
      to: '{ kind: duckdb, path: target.duckdb }',
    },
    orders: { source: { connection: 'from', table }, target: { connection: 'to', table: 'orders' } },
    warm: { source: { connection: 'warm', table: 'orders' }, target: { connection: 'warmed', table: 'orders' } },
  })
}

export async function openWarmDuckdb(dir: string): Promise<App> {
  rmSync(path.join(dir, 'warmed.duckdb'), { force: true })
  rmSync(path.join(dir, 'warm.duckdb'), { force: true })
  await inFile(path.join(dir, 'warm.duckdb'), async (db) => {
    await db.run("CREATE TABLE orders AS SELECT range AS id, TIMESTAMP '2025-01-01' AS modified_on FROM range(1000)")
  })
  return openWarm(dir)
}
