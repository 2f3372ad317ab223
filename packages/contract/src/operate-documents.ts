/** The documents of commands that take a whole system over, hand it to a scheduler, or take it out. Keys are stable. */
import { z } from 'zod'

const ScopeJson = z.record(z.string(), z.string())

/** `tidemark import blobdelta --json` */
export const ImportDocument = z.strictObject({
  connection: z.string(),
  database: z.string(),
  /** false: nothing was written into the control tables */
  deployed: z.boolean(),
  modules: z.array(
    z.strictObject({
      module: z.string(),
      /** that it was written into; null: it was not */
      file: z.string().nullable(),
      yaml: z.string(),
      tasks: z.array(
        z.strictObject({
          task: z.string(),
          /** as the installation calls it */
          table: z.string(),
          active: z.boolean(),
        }),
      ),
    }),
  ),
  watermarks: z.array(
    z.strictObject({
      flow: z.string(),
      scope: ScopeJson,
      /** as the installation has it */
      position: z.string(),
      /** `found`: read; `written`: by this command; `there`: the ledger has that very one already */
      state: z.enum(['found', 'written', 'there']),
    }),
  ),
  differences: z.array(
    z.strictObject({
      /** `parameter`: what it is called here; `behaviour`: what happens otherwise; `refused`: not taken over, and what to do */
      kind: z.enum(['parameter', 'behaviour', 'refused']),
      /** flows, or tables, parameters or procedures of the installation */
      subjects: z.array(z.string()),
      was: z.string(),
      now: z.string(),
    }),
  ),
})
export type ImportDocument = z.output<typeof ImportDocument>
export type ImportDifference = ImportDocument['differences'][number]

/** `tidemark schedule --sql-agent --json` */
export const ScheduleDocument = z.strictObject({
  scheduler: z.literal('sql-agent'),
  jobs: z.array(
    z.strictObject({
      name: z.string(),
      command: z.string(),
      /** whose schedule it has */
      modules: z.array(z.string()),
      schedules: z.array(z.strictObject({ name: z.string(), cron: z.string(), timezone: z.string().nullable() })),
    }),
  ),
  /** schedules that SQL Agent has no words for */
  not_expressed: z.array(z.strictObject({ module: z.string(), cron: z.string(), why: z.string() })),
  sql: z.string(),
})
export type ScheduleDocument = z.output<typeof ScheduleDocument>

/** `tidemark retire --json` */
export const RetireDocument = z.strictObject({
  connection: z.string(),
  database: z.string().nullable(),
  dry_run: z.boolean(),
  tasks: z.array(
    z.strictObject({
      task: z.string(),
      /** where it names the connection or the database */
      named_by: z.array(z.string()),
      /** it was switched on; one that was off stays as it is */
      was_active: z.boolean(),
      runs: z.int().min(0),
      watermarks: z.int().min(0),
      open_rejects: z.int().min(0),
      /** a run of it that is under way, which goes on; null: none is */
      running: z.string().nullable(),
    }),
  ),
  /** rows of the control tables that the tasks are about: `task` is changed, the others are kept */
  rows: z.strictObject({
    task: z.int().min(0),
    run: z.int().min(0),
    batch: z.int().min(0),
    watermark: z.int().min(0),
    reject: z.int().min(0),
  }),
})
export type RetireDocument = z.output<typeof RetireDocument>
