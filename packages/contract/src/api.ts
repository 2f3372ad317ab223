/** The documents that `--json` prints, and that a server will answer with. Keys are stable. */
import { z } from 'zod'
import { RUN_STATES, STEP_STATES } from './states.ts'

/** A count: a JSON number up to 2^53, text beyond. */
export const Count = z.union([z.int().min(0), z.string().regex(/^\d+$/)])
const Instant = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
const ScopeJson = z.record(z.string(), z.string())

export const RowCountsJson = z.strictObject({
  read: Count,
  inserted: Count,
  updated: Count,
  deleted: Count,
  skipped_same: Count,
  skipped_older: Count,
  rejected: Count,
})

export const WindowJson = z.strictObject({
  after: z.string().nullable(),
  up_to: z.string().nullable(),
  decided_by: z.string(),
})

export const ErrorJson = z.strictObject({ code: z.string(), message: z.string() })

const RunFacts = z.strictObject({
  run: z.string().nullable(),
  flow: z.string(),
  scope: ScopeJson,
  /**
   * `dry_run` and `skipped` are no states of a run: there was none. `joined`: of `run --join`, whose rows and batches are
   * those of this worker; nothing was left for it, and the owner settles
   */
  status: z.enum([...RUN_STATES, 'dry_run', 'skipped', 'joined']),
  reason: z.string().nullable(),
  lane: z.string().nullable(),
  window: WindowJson.nullable(),
  waiting: z.strictObject({ rows: Count, until: z.string().nullable() }).nullable(),
  rows: RowCountsJson,
  batches: z.int().min(0),
  duration_ms: z.int().min(0),
  error: ErrorJson.nullable(),
})
export type RunFacts = z.output<typeof RunFacts>

/** A run of this very command. */
export const RunJson = RunFacts.extend({
  /** it settled, and this is left undone besides its rows: a later run makes up for it */
  remarks: z.array(ErrorJson),
})
export type RunJson = z.output<typeof RunJson>

/** `tidemark run --json`, `tidemark resume --json` */
export const RunDocument = z.strictObject({ group: z.string().nullable(), runs: z.array(RunJson) })
export type RunDocument = z.output<typeof RunDocument>

/** `tidemark runs --json` */
export const RunsDocument = z.strictObject({
  runs: z.array(
    RunFacts.extend({
      group: z.string().nullable(),
      actor: z.string(),
      command: z.string(),
      started_at: Instant.nullable(),
      finished_at: Instant.nullable(),
      attempts: z.int(),
      superseded_by: z.string().nullable(),
    }),
  ),
})
export type RunsDocument = z.output<typeof RunsDocument>

/** `tidemark show RUN --json` */
export const ShowDocument = z.strictObject({
  run: RunsDocument.shape.runs.element,
  steps: z.array(
    z.strictObject({
      step: z.int(),
      name: z.string(),
      status: z.enum(STEP_STATES),
      batches: z.int(),
      batches_done: z.int(),
      rows: RowCountsJson,
    }),
  ),
  /** at work on it now, the longest first; empty unless it is running */
  workers: z.array(
    z.strictObject({
      worker: z.string(),
      /** `actor, process N on HOST` */
      who: z.string(),
      owner: z.boolean(),
      until: Instant,
      /** its time was up: its batches are free for others */
      expired: z.boolean(),
      batches: z.array(z.strictObject({ batch: z.int(), step: z.int(), attempt: z.int(), since: Instant })),
    }),
  ),
  /** what to do about the run's error; empty where it has none */
  remedy: z.array(z.string()),
  plan: z.record(z.string(), z.unknown()),
})
export type ShowDocument = z.output<typeof ShowDocument>

/** `tidemark watermarks --json` */
export const WatermarksDocument = z.strictObject({
  watermarks: z.array(
    z.strictObject({
      flow: z.string(),
      scope: ScopeJson,
      position: z.string().nullable(),
      run: z.string(),
      updated_at: Instant,
      source: z.string(),
    }),
  ),
})
export type WatermarksDocument = z.output<typeof WatermarksDocument>

/** `tidemark plan --json` */
export const PlanDocument = z.strictObject({
  plans: z.array(
    z.strictObject({
      flow: z.string(),
      scope: ScopeJson,
      source: z.string(),
      target: z.string(),
      lane: z.string(),
      capture: z.string(),
      apply: z.string(),
      shape: z.string(),
      resumes: z.string().nullable(),
      window: WindowJson.nullable(),
      nothing_to_do: z.string().nullable(),
      waiting: z.strictObject({ rows: Count, until: z.string().nullable() }).nullable(),
      rows: Count,
      batches: z.int(),
      steps: z.array(z.strictObject({ name: z.string(), rows: Count.nullable(), batches: z.int().nullable() })),
      columns: z.array(
        z.strictObject({
          source: z.string(),
          target: z.string(),
          source_type: z.string(),
          type: z.string(),
          /** lossless, narrowed or refused */
          fidelity: z.string(),
          /** why it is not lossless */
          reason: z.string().nullable(),
        }),
      ),
      /** why a run would stop before its first row */
      stops: z.strictObject({ code: z.string(), message: z.string(), remedy: z.array(z.string()) }).nullable(),
      create_table: z.string().nullable(),
      notes: z.array(z.string()),
      sql: z.array(z.strictObject({ name: z.string(), text: z.string() })),
    }),
  ),
})
export type PlanDocument = z.output<typeof PlanDocument>

/** `tidemark status --json` */
export const StatusDocument = z.strictObject({
  flows: z.array(
    z.strictObject({
      flow: z.string(),
      scope: ScopeJson,
      active: z.boolean(),
      last_run: z
        .strictObject({
          run: z.string(),
          status: z.enum(RUN_STATES),
          finished_at: Instant.nullable(),
          error: ErrorJson.nullable(),
        })
        .nullable(),
      watermark: z.string().nullable(),
      /** clock less position: how far the target is behind; null: the position is no time */
      lag_ms: z.int().nullable(),
      /** when a run last left in the target everything that was due, and how long ago that is */
      complete_at: Instant.nullable(),
      age_ms: z.int().nullable(),
      /** the newest run found nothing because a transaction of the source holds back: for how long, as far as runs saw it */
      held: z.strictObject({ reason: z.string(), ms: z.int(), too_long: z.boolean() }).nullable(),
      state: z.string(),
      holder: z.strictObject({ owner: z.string(), until: Instant }).nullable(),
      open_rejects: Count,
      unmatched: Count,
    }),
  ),
})
export type StatusDocument = z.output<typeof StatusDocument>

/** `tidemark discover --json` */
export const DiscoverDocument = z.strictObject({
  connection: z.string(),
  /** where the flows write to; null: not named, and not the only other one */
  target: z.string().nullable(),
  module: z.string().nullable(),
  file: z.string().nullable(),
  tables: z.array(
    z.strictObject({
      table: z.string(),
      kind: z.enum(['table', 'view', 'files']),
      rows: Count.nullable(),
      rows_are: z.enum(['counted', 'estimated', 'at least']),
      /** why the rows were not looked at; null: they were */
      unchecked: z.string().nullable(),
      key: z.strictObject({ columns: z.array(z.string()), reason: z.string(), declared: z.boolean() }).nullable(),
      /** why there is no key */
      no_key: z.string().nullable(),
      /** candidates, best first */
      positions: z.array(
        z.strictObject({
          column: z.string(),
          /** joined table that holds it */
          join: z.string().nullable(),
          reason: z.string(),
          remarks: z.array(z.string()),
          sees_updates: z.boolean(),
          indexed: z.boolean().nullable(),
        }),
      ),
      no_positions: z.array(z.strictObject({ column: z.string(), why: z.string() })),
      shape: z
        .strictObject({ locator: z.string(), parent: z.string(), reason: z.string(), sure: z.boolean() })
        .nullable(),
      /** `module.task` that was written */
      flow: z.string().nullable(),
      capture: z.string().nullable(),
      /** why no flow was written; null also where none was asked for */
      left_out: z.string().nullable(),
    }),
  ),
})
export type DiscoverDocument = z.output<typeof DiscoverDocument>

const Reject = z.strictObject({
  id: z.int(),
  flow: z.string(),
  /** the key's columns in the order of the flow's `key` */
  key: z.array(z.string().nullable()),
  code: z.string(),
  message: z.string(),
  status: z.enum(['open', 'delivered', 'dismissed']),
  run: z.string(),
  batch: z.int().nullable(),
  times: z.int(),
  created_at: Instant,
  last_at: Instant,
  closed_at: Instant.nullable(),
  closed_by: z.string().nullable(),
  closed_reason: z.string().nullable(),
})

/** `tidemark rejects list --json`, oldest first; `rejects dismiss --json`: those that it closed */
export const RejectsDocument = z.strictObject({ rejects: z.array(Reject) })
export type RejectsDocument = z.output<typeof RejectsDocument>

/** `tidemark runs prune --json` */
export const PruneDocument = z.strictObject({
  dry_run: z.boolean(),
  /** runs that ended before it */
  before: Instant,
  runs: z.int(),
  batches: z.int(),
  groups: z.int(),
  /** ended before it too; something of the present refers to them */
  kept: z.int(),
})
export type PruneDocument = z.output<typeof PruneDocument>

/** What any command prints with `--json` when it ends in an error. */
export const ErrorDocument = z.strictObject({
  error: z.strictObject({ code: z.string(), message: z.string(), remedy: z.array(z.string()) }),
})
export type ErrorDocument = z.output<typeof ErrorDocument>

/** `tidemark init --json` */
export const InitDocument = z.strictObject({ folder: z.string(), files: z.array(z.string()) })

/** `tidemark check --json` */
export const CheckDocument = z.strictObject({
  connections: z.int().min(0),
  modules: z.int().min(0),
  flows: z.int().min(0),
  warnings: z.array(z.string()),
})

const DifferenceJson = z.strictObject({
  subject: z.string(),
  kind: z.enum(['added', 'changed', 'absent']),
  fields: z.array(z.strictObject({ path: z.string(), from: z.string().nullable(), to: z.string().nullable() })),
})

/** `tidemark deploy --json` */
export const DeployDocument = z.strictObject({
  dry_run: z.boolean(),
  written: z.array(DifferenceJson),
  kept: z.array(DifferenceJson),
  absent: z.array(DifferenceJson),
})

/** `tidemark export --json`: the texts by file, or the names of what was written into a folder */
export const ExportDocument = z.union([
  z.strictObject({ files: z.record(z.string(), z.string()) }),
  z.strictObject({ folder: z.string(), files: z.array(z.string()) }),
])

/** `tidemark cancel RUN --json` */
export const CancelDocument = z.strictObject({ run: z.string(), was: z.enum(RUN_STATES), now: z.enum(RUN_STATES) })

/** `tidemark reset RUN --json` */
export const ResetDocument = z.strictObject({ run: z.string(), flow: z.string() })

/** `tidemark rewind FLOW --json` */
export const RewindDocument = z.strictObject({
  flow: z.string(),
  scope: ScopeJson,
  from: z.string().nullable(),
  to: z.string(),
  redelivered: Count.nullable(),
  supersedes: z.array(z.string()),
})

/** `tidemark connections --json` */
export const ConnectionsDocument = z.strictObject({
  connections: z.array(
    z.strictObject({ id: z.string(), kind: z.string(), location: z.string(), ok: z.boolean(), detail: z.string() }),
  ),
})

/** `tidemark explain --json`: one code, or all of them */
export const ExplainDocument = z.union([
  z.strictObject({
    code: z.string(),
    title: z.string(),
    meaning: z.string(),
    remedy: z.array(z.string()),
    retry: z.enum(['never', 'again', 'resume']),
    exit: z.int(),
  }),
  z.strictObject({ errors: z.array(z.strictObject({ code: z.string(), title: z.string() })) }),
])

/** `tidemark migrate --json`; with `--print-sql` what the store still lacks, `location` null outside of a project */
export const MigrateDocument = z.union([
  z.strictObject({ up_to_date: z.literal(true), location: z.string() }),
  z.strictObject({
    location: z.string().nullable(),
    version: z.int().min(0),
    known: z.int().min(1),
    pending: z.array(z.string()),
    sql: z.string(),
  }),
])
export type MigrateDocument = z.output<typeof MigrateDocument>

/** `tidemark prepare CONNECTION --json`; `sql` with `--print-sql` only */
export const PrepareDocument = z.strictObject({
  connection: z.string(),
  location: z.string(),
  made: z.array(z.string()),
  sql: z.array(z.string()),
})
export type PrepareDocument = z.output<typeof PrepareDocument>

/** `tidemark doctor --json` */
export const DoctorDocument = z.strictObject({
  /** nothing failed; there may be warnings */
  ok: z.boolean(),
  checks: z.array(
    z.strictObject({
      id: z.string(),
      /** what was looked at */
      subject: z.string(),
      status: z.enum(['ok', 'warn', 'fail']),
      detail: z.string(),
      remedy: z.array(z.string()),
    }),
  ),
})
export type DoctorDocument = z.output<typeof DoctorDocument>
export type DoctorCheck = DoctorDocument['checks'][number]

/** `tidemark completion SHELL --json` */
export const CompletionDocument = z.strictObject({ shell: z.string(), script: z.string() })

/** `tidemark version --json` */
export const VersionDocument = z.strictObject({ tidemark: z.string(), node: z.string() })
