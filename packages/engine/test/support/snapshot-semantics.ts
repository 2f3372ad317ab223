/** What snapshots mean, as the suites of test/semantics state it, with a target in PostgreSQL. */
import { beforeEach } from 'vitest'
import { inTurn, LONG } from './long.ts'
import type { Version } from './postgres-server.ts'
import { snapshotEnds, type SourceKind } from './snapshot-ends.ts'
import { openWorldsWith } from './world-ends.ts'

/** What says something of another kind of ends. */
const OF_OTHERS: Readonly<Record<string, readonly string[]>> = {
  'the test asks DuckDB of its catalog': [
    'report only: the difference is kept, and neither the target table nor a batch is made',
  ],
  'the test opens the files of its world itself': [
    'the extraction is one state of the source, whatever is written meanwhile',
  ],
  'a batch begins while the one before it commits: how many are in when a run stops is not one number': [
    'an extraction that stands in for a lost one takes away what that had brought',
    'a resumed run delivers the stored difference, and compares nothing again',
  ],
}

/** Statements that PostgreSQL does not know, and names whose case it folds. */
const IN_WORDS_OF_DUCKDB: readonly string[] = [
  'the order of the columns says nothing',
  '−0.0 over 0.0, a blank at the end and NULL over nothing are versions of their own',
  'a column that is called as ours are is refused, and may be renamed',
  'keys are found in the target by what they are, whatever their types',
]

const reasonOf = (from: SourceKind, title: string): string | undefined =>
  from === 'postgres' && IN_WORDS_OF_DUCKDB.includes(title)
    ? 'the test speaks to its source as to DuckDB'
    : Object.entries(OF_OTHERS).find(([, titles]) => titles.includes(title))?.[0]

/** Those that write rows in ways of the target's own; `--long`: all of them. */
export async function importSnapshotSemantics(from: SourceKind, version: Version): Promise<void> {
  openWorldsWith(() => snapshotEnds(from, version))
  beforeEach(({ task, skip }) => {
    const why = reasonOf(from, task.name)
    if (why !== undefined) skip(why)
    if (!inTurn(task.name)) skip('on another day')
  })
  await import('../semantics/snapshot-forensic.test.ts')
  await import('../semantics/snapshot-live.test.ts')
  // wherever the rows come from, the target's own tables are the same
  if (from === 'duckdb' || LONG) await import('../semantics/snapshot-hot-target.test.ts')
  if (!LONG) return
  await import('../semantics/snapshot-difference.test.ts')
  await import('../semantics/snapshot-runs.test.ts')
  await import('../semantics/snapshot-scopes.test.ts')
}
