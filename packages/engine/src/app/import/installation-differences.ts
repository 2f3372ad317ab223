/** What is called otherwise here, and what happens otherwise, for an installation as a whole. Pure. */
import type { Difference } from './difference.ts'
import type { Installation } from './read-installation.ts'
import type { Procedures } from './read-procedures.ts'
import type { ImportedModule } from './translate-installation.ts'

const PARAMETERS: readonly (readonly [subject: string, was: string, now: string])[] = [
  ["@Mode = 'AllTables'", 'every active table', 'tidemark run --all'],
  ["@Mode = 'SingleTable', @TableName", 'one table', 'tidemark run MODULE.TASK'],
  ['@TargetDatabase', 'the tables of one target database', 'tidemark run --module MODULE: a module for each database'],
  ["@RunType = 'Full'", 'the last 25 years', 'tidemark run … --full: everything, and the watermark after it'],
  ['@DryRun', 'prints its statements', 'tidemark plan … --sql prints them, tidemark run … --dry-run counts the rows'],
  ['@BatchSize', 'rows of a batch', 'batch: { rows: N } of the flow, or --batch-rows N for one run'],
  [
    '@MaxDOP',
    'threads of a statement',
    'steps: { STEP: { max_dop: N } }; --parallel N is how many batches go side by side',
  ],
  ['@BusinessUnitId', 'one business unit', '--scope business_unit=ID, which keeps a watermark of its own'],
  ['@RunId', 'goes on with a run', 'tidemark resume RUN, or run: it resumes what is unfinished first'],
  ['@Reset = 1', 'forgets the progress of a run', 'tidemark reset RUN, or tidemark run … --fresh'],
]

export function differencesOf(
  installation: Installation,
  procedures: Procedures,
  modules: readonly ImportedModule[],
): readonly Difference[] {
  return [
    ...PARAMETERS.map(([subject, was, now]): Difference => ({ kind: 'parameter', subject, was, now })),
    ...behaviours(installation, procedures, modules).map(
      ([subject, was, now]): Difference => ({ kind: 'behaviour', subject, was, now }),
    ),
  ]
}

type Line = readonly [subject: string, was: string, now: string]

function behaviours(
  { rows, counts, missing }: Installation,
  procedures: Procedures,
  modules: readonly ImportedModule[],
): readonly Line[] {
  const flows = modules.flatMap((module) => module.tasks).map((task) => task.flow)
  const updates = flows.some((flow) => flow['apply'] === 'latest')
  const unseen = rows.watermark.filter((row) => row.position === null).length
  return [
    ...(updates
      ? [
          [
            'updates',
            'a row that is in the target is never delivered again',
            'apply: latest: the newer version replaces it',
          ] as const,
        ]
      : []),
    [
      'parents',
      'one level of missing parents is inserted',
      'all missing ancestors are, however deep, and rows land by depth',
    ],
    [
      'window',
      'up to the server’s local time less the buffer, whoever still writes',
      'up to the clock less the buffer, and below the oldest transaction that is open. Positions are taken as UTC: where they are local times, write clock: local and zone:',
    ],
    ['NULL', 'a row without a position is passed over', 'the run stops and counts them: nulls: always delivers them'],
    [
      'business units',
      'a run for one unit moves the watermark of all',
      'a scope has a watermark of its own, which starts as a copy of the one without a scope',
    ],
    ['reading', 'NOLOCK: rows of open transactions may be read, or missed', 'committed rows only'],
    [
      'errors',
      'an error that is passed over is tried for ever, or forgotten',
      'a row is kept as a reject until it lands or is dismissed',
    ],
    [
      'target',
      'the target may be emptied between two runs',
      'a run stops where it lost its rows; target: { emptied: expected } says that it is meant',
    ],
    ...(unseen === 0
      ? []
      : [
          [
            'first run',
            `${unseen} tables have no watermark: the last 365 days`,
            'everything, as the initial load',
          ] as const,
        ]),
    ...(procedures.seen
      ? []
      : [
          [
            'procedures',
            'their texts cannot be seen',
            'batches of 500 rows and no excluded key are assumed: grant VIEW DEFINITION, or write exclude_keys:',
          ] as const,
        ]),
    ...missing
      .filter((name) => name === 'BlobDeltaHighWatermark')
      .map((name): Line => [name, 'is not there', 'every flow begins with an initial load']),
    ...stayed(counts),
  ]
}

const HISTORY = {
  run: 'runs',
  runStep: 'steps and batches',
  progress: 'batches',
  errorLog: 'errors',
  deletionLog: 'deletions',
} as const

function stayed(counts: Installation['counts']): readonly Line[] {
  const lines: Line[] = []
  for (const [which, what] of Object.entries(HISTORY)) {
    const counted = counts[which as keyof typeof HISTORY]
    if (counted !== undefined && counted.rows > 0n)
      lines.push([counted.name, `${counted.rows} ${what}`, 'stay where they are: the ledger begins with the first run'])
  }
  const { queue } = counts
  if (queue !== undefined && queue.rows > 0n)
    lines.push([
      queue.name,
      `${queue.rows} parents in the queue`,
      'are not taken over: each run finds the ancestors that are missing',
    ])
  return lines
}
