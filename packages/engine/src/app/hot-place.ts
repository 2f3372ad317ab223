import { join } from 'node:path'
import type { ProjectSpec } from '../definition/load-project.ts'
import type { Config } from '../runtime/config.ts'
import type { HotPlace } from '../snapshot/hot-side.ts'
import { snapshotDefaults } from './snapshot-defaults.ts'

/** Where a project keeps its snapshots. */
export const hotPlace = ({ dir, engine }: ProjectSpec, config: Config): HotPlace => ({
  folder: join(dir, '.tidemark', 'snapshots'),
  limits: { memoryBytes: engine.memoryBytes, threads: engine.threads, tempDir: engine.tempDir },
  ...snapshotDefaults(config),
})
