/** The engine's semantics, as the suites of test/semantics state them, with PostgreSQL as source and target. */
import { postgresEnds } from './postgres-ends.ts'
import type { Version } from './postgres-server.ts'
import { openWorldsWith } from './world-ends.ts'

/** Suites by the file they are in. Those that are left out are about files, spools or DuckDB itself. */
const SUITES = [
  () => import('../semantics/backfill.test.ts'),
  () => import('../semantics/batches.test.ts'),
  () => import('../semantics/capture-mode.test.ts'),
  () => import('../semantics/columns.test.ts'),
  () => import('../semantics/content.test.ts'),
  () => import('../semantics/coverage.test.ts'),
  () => import('../semantics/custom-steps-rows.test.ts'),
  () => import('../semantics/custom-steps.test.ts'),
  () => import('../semantics/drift.test.ts'),
  () => import('../semantics/dry-run.test.ts'),
  () => import('../semantics/error-policies.test.ts'),
  () => import('../semantics/fence.test.ts'),
  () => import('../semantics/lease.test.ts'),
  () => import('../semantics/mask.test.ts'),
  () => import('../semantics/newest-wins.test.ts'),
  () => import('../semantics/nulls.test.ts'),
  () => import('../semantics/period.test.ts'),
  () => import('../semantics/rejects.test.ts'),
  () => import('../semantics/replace.test.ts'),
  () => import('../semantics/resume-flat.test.ts'),
  () => import('../semantics/resume.test.ts'),
  () => import('../semantics/retry-rejects.test.ts'),
  () => import('../semantics/scope.test.ts'),
  () => import('../semantics/side-table.test.ts'),
  () => import('../semantics/target-trust.test.ts'),
  () => import('../semantics/tree-ancestors.test.ts'),
  () => import('../semantics/tree-moves.test.ts'),
  () => import('../semantics/tree-orphans.test.ts'),
  () => import('../semantics/tree-rejects.test.ts'),
  () => import('../semantics/tree-resume.test.ts'),
  () => import('../semantics/tree-shape.test.ts'),
  () => import('../semantics/two-workers.test.ts'),
  () => import('../semantics/unique-conflicts.test.ts'),
  () => import('../semantics/unmatched.test.ts'),
  () => import('../semantics/window.test.ts'),
]

export async function importSemantics(version: Version): Promise<void> {
  openWorldsWith(() => postgresEnds(version))
  for (const suite of SUITES) await suite()
}
