import { join } from 'node:path'
import type { ProjectSpec } from '../definition/load-project.ts'
import type { HotPlace } from '../snapshot/hot-side.ts'

/** Where a project keeps its snapshots. */
export const hotPlace = ({ dir, engine }: ProjectSpec): HotPlace => ({
  folder: join(dir, '.tidemark', 'snapshots'),
  limits: { memoryBytes: engine.memoryBytes, threads: engine.threads, tempDir: engine.tempDir },
})
