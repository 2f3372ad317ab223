/** The engine's semantics, as the suites of test/semantics state them, within one SQL Server. */
import { afterAll, beforeEach } from 'vitest'
import { TEST_SERVER } from './sqlserver-server.ts'
import { dropShared, sqlserverEnds } from './sqlserver-ends.ts'
import { openWorldsWith } from './world-ends.ts'

/** Suites by the file they are in. Those that are left out are about files, spools, casts or DuckDB itself. */
const SUITES = {
  rows: [
    () => import('../semantics/backfill.test.ts'),
    () => import('../semantics/batches.test.ts'),
    () => import('../semantics/newest-wins.test.ts'),
    () => import('../semantics/nulls.test.ts'),
    () => import('../semantics/replace.test.ts'),
    () => import('../semantics/rejects.test.ts'),
    () => import('../semantics/retry-rejects.test.ts'),
    () => import('../semantics/unique-conflicts.test.ts'),
    () => import('../semantics/custom-steps-rows.test.ts'),
  ],
  runs: [
    () => import('../semantics/fence.test.ts'),
    () => import('../semantics/lease.test.ts'),
    () => import('../semantics/period.test.ts'),
    () => import('../semantics/resume-flat.test.ts'),
    () => import('../semantics/resume.test.ts'),
    () => import('../semantics/scope.test.ts'),
    () => import('../semantics/side-table.test.ts'),
    () => import('../semantics/target-trust.test.ts'),
    () => import('../semantics/unmatched.test.ts'),
    () => import('../semantics/window.test.ts'),
  ],
  trees: [
    () => import('../semantics/tree-ancestors.test.ts'),
    () => import('../semantics/tree-moves.test.ts'),
    () => import('../semantics/tree-orphans.test.ts'),
    () => import('../semantics/tree-rejects.test.ts'),
    () => import('../semantics/tree-resume.test.ts'),
    () => import('../semantics/tree-shape.test.ts'),
  ],
} as const

const NOT_HERE: Readonly<Record<string, readonly (string | RegExp)[]>> = {}

const reasonOf = (title: string): string | undefined =>
  Object.entries(NOT_HERE).find(([, titles]) =>
    titles.some((t) => (typeof t === 'string' ? t === title : t.test(title))),
  )?.[0]

export async function importSemantics(about: keyof typeof SUITES): Promise<void> {
  openWorldsWith(() => sqlserverEnds())
  beforeEach(({ task, skip }) => {
    if (TEST_SERVER === null) skip('TIDEMARK_TEST_SQLSERVER names no server')
    const why = reasonOf(task.name)
    if (why !== undefined) skip(why)
  })
  afterAll(() => dropShared())
  for (const suite of SUITES[about]) await suite()
}
