/** The engine's semantics, as the suites of test/semantics state them, with PostgreSQL as source and target. */
import { beforeEach } from 'vitest'
import { inTurn } from './long.ts'
import { postgresEnds } from './postgres-ends.ts'
import type { Version } from './postgres-server.ts'
import { openWorldsWith } from './world-ends.ts'

/** Suites by the file they are in. Those that are left out are about files, spools or DuckDB itself. */
const SUITES = {
  rows: [
    () => import('../semantics/backfill.test.ts'),
    () => import('../semantics/batches.test.ts'),
    () => import('../semantics/columns.test.ts'),
    () => import('../semantics/content.test.ts'),
    () => import('../semantics/custom-steps-rows.test.ts'),
    () => import('../semantics/custom-steps.test.ts'),
    () => import('../semantics/drift.test.ts'),
    () => import('../semantics/error-policies.test.ts'),
    () => import('../semantics/mask.test.ts'),
    () => import('../semantics/newest-wins.test.ts'),
    () => import('../semantics/nulls.test.ts'),
    () => import('../semantics/rejects.test.ts'),
    () => import('../semantics/replace.test.ts'),
    () => import('../semantics/retry-rejects.test.ts'),
    () => import('../semantics/unique-conflicts.test.ts'),
  ],
  runs: [
    () => import('../semantics/capture-mode.test.ts'),
    () => import('../semantics/coverage.test.ts'),
    () => import('../semantics/dry-run.test.ts'),
    () => import('../semantics/fence.test.ts'),
    () => import('../semantics/lease.test.ts'),
    () => import('../semantics/period.test.ts'),
    () => import('../semantics/resume-flat.test.ts'),
    () => import('../semantics/resume.test.ts'),
    () => import('../semantics/scope.test.ts'),
    () => import('../semantics/side-table.test.ts'),
    () => import('../semantics/target-trust.test.ts'),
    () => import('../semantics/tree-ancestors.test.ts'),
    () => import('../semantics/tree-moves.test.ts'),
    () => import('../semantics/tree-orphans.test.ts'),
    () => import('../semantics/tree-rejects.test.ts'),
    () => import('../semantics/tree-resume.test.ts'),
    () => import('../semantics/tree-shape.test.ts'),
    () => import('../workers/two-workers.test.ts'),
    () => import('../semantics/unmatched.test.ts'),
    () => import('../semantics/window.test.ts'),
  ],
} as const

/** Tests that say something of DuckDB: how its types and errors are called, its files and catalog, its SQL. */
const OF_DUCKDB: Readonly<Record<string, readonly (string | RegExp)[]>> = {
  'the test names types, errors or statements as DuckDB does': [
    'a failing batch leaves nothing of itself: rows, marker and position come together or not at all',
    'columns of the source and of a join, and constants, are added, renamed and cast, in that order',
    'a constant has the type of the target column, and one that is none of its values is refused',
    'a position that is added from its joined table needs no table beside',
    'two columns under one name, a type that is none, and a cast that the target does not hold are refused',
    /^an? \S+ cast to .* lands exactly/,
    /^an? \S+ that is no .* never lands rounded/,
    'values that do not fit are counted, nothing of their batch lands, and the mended run resumes',
    'a key that is cast stays a key: two values that would become one do not',
    /^content is compared binary/,
    /^−0.0 replaces 0.0/,
    'exact values arrive, and are the same the next time',
    'a target column whose collation ignores case still sees a change of case',
    'several columns: one that differs is enough',
    'types of a template are cast to those of the target',
    'a queue reads what the flow joins, and what the target has, also where there is none yet',
    'a mask is put on what a template gives, and a masked key goes with no template',
    /^a template with /,
    'drift: fail stops plan and run where the source has a column that the target lacks',
    'drift: add gives the target the column before the first batch, says so, and goes on without a choice',
    'drift: add accepts the column also when the run that added it was given up',
    'drift: ignore leaves a new column out, with a note',
    'another order of the columns, and a wider type that the target holds, are no drift',
    /^a type of .* that changes between two batches/,
    'a dry run of a view, whose keys have to be captured, keeps none of them',
    'hash is the HMAC-SHA-256 of the value, null is NULL, redact is its text, and NULL stays NULL',
    'in plan, its SQL and its stored form the key of a mask is its reference',
    'what the database says of a clear value it cannot read reaches neither message nor ledger',
    /^a target column of type INTEGER that does not hold its mask/,
    'a period whose ends are no positions, equal or swapped is refused',
    'rows that only the target can refuse are found, and the others land',
    'what a cast cannot hold exactly is a reject that names column, value and type',
    'replace makes the target what the source is: rows that are gone go, rows that changed are new',
    'a replaced table keeps its constraints, indexes and defaults',
    'asked hard in the middle of a statement, the statement ends',
    /^keys that the collation of the target holds equal/,
    'the next window overlaps by the buffer',
  ],
  'the test opens the files of its world itself': [
    '--accept-change loads a gained value while the window is held back, and is recorded',
    'the worked example of queue and batch in the docs runs as it stands',
    'a template written into the control tables by plain SQL runs, and a later edit stops with the choice',
    /^a column dropped from a (table|view) under a run/,
    'a column of a joined table that changes under a run is named with its table',
    'a column that comes to the source under a run is nothing to that run',
    /^a dry run (leaves every byte|makes no target|of a flow with positions|that is refused)/,
    'a plan leaves every byte of source, target and store as it was',
    'a second process is refused by the lease of the first, and by its lock on the file, both naming the process',
    'a flow into a file that another flow of the process reads is refused until that one ends',
    'the search finds a clear value where there is one',
    'nulls: always delivers them while a transaction holds back the window',
    /^the target (file deleted|restored)/,
    'a batch whose parent is not there any more fails, and a resume looks for the parents again',
    'a batch that meets a conflict is tried again and lands once',
    'a row exactly on upTo is in, one microsecond later is out and waits',
  ],
  'rows are read where they lie in a DuckDB file; here their keys are captured, in the order of the key': [
    'a first load is cut for its workers, changes of a filled target are not',
    'a batch is cut at its bytes, when they come before its rows',
    'a row larger than the limit of bytes is a batch of its own and is delivered',
    'a dry run says of values that do not fit what the run would say',
    'drift: add counts a dry run without the column it would add',
    'a dry run counts the rows that would not land, and writes none',
    'rejects that are mended before a resume that reads everything left again are no rejects of the run any more',
    'a resume keeps run id and stored window, skips what is done, continues the batch numbers and ends succeeded',
    'a resume whose captured keys are lost captures the same window again and delivers only what is open',
    'a resumed tree run whose source did not change goes on with its batches',
    'a tree lands by depth, in steps of roots and children',
  ],
  'names of another case are other names': [
    'the same conditions in another order or notation are the same coverage',
    'a mask under another case of the name masks',
  ],
  'both tables are of one name, in two schemas of one database': [
    'locator, parent, key and table names with quotes, spaces and semicolons',
  ],
  'its lease is as short as a file is fast': [/^a worker whose renewals (hang|fail)/],
}

/** The tests' words, which 15 does not know yet. */
const SINCE_18: readonly string[] = [
  'a parent column that the target computes is left out, and parents still come first',
]

const reasonOf = (title: string): string | undefined =>
  Object.entries(OF_DUCKDB).find(([, titles]) =>
    titles.some((t) => (typeof t === 'string' ? t === title : t.test(title))),
  )?.[0]

/** `about`: what becomes of rows, or what becomes of runs and trees; two files, so that two workers share them. */
export async function importSemantics(version: Version, about: keyof typeof SUITES): Promise<void> {
  openWorldsWith(() => postgresEnds(version))
  beforeEach(({ task, skip }) => {
    const why = version === '15' && SINCE_18.includes(task.name) ? 'since 18' : reasonOf(task.name)
    if (why !== undefined) skip(why)
    if (!inTurn(task.name)) skip('on another day')
  })
  for (const suite of SUITES[about]) await suite()
}
