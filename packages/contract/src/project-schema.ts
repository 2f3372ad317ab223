/** The grammar of `tidemark.yaml` and `modules/*.yaml`. Flows have their own, applied when defaults are merged in. */
import { z } from 'zod'
import { filesSchema } from './files-schema.ts'
import { FLOW_KEYS } from './flow-schema.ts'
import { postgresSchema } from './postgres-schema.ts'
import { s3Schema } from './s3-schema.ts'
import { atLeastOne, durationMs, id, name, refuse, sizeBytes, strictMap } from './schema-parts.ts'
import { sqlserverSchema } from './sqlserver-schema.ts'
import { isTimeZone } from './zone.ts'

const anyMap = z.record(z.string(), z.unknown())

/** A part of a flow: only its first keys are known here, the rest is checked in each flow that it is merged under. */
const defaults = strictMap(Object.fromEntries(FLOW_KEYS.map((key) => [key, z.unknown().optional()])))

const lease = durationMs.transform((ms, ctx) => {
  if (ms < 1_000) refuse(ctx, 'must be 1s or more: a worker renews its lease three times in it')
  return ms
})

export const ProjectSchema = strictMap({
  project: name,
  control: name.optional(),
  platform: id.optional(),
  engine: strictMap({
    memory: sizeBytes.optional(),
    threads: atLeastOne('the engine needs one').optional(),
    temp: name.optional(),
    lease: lease.optional(),
  }).optional(),
  connections: z.record(z.string(), anyMap).optional(),
  defaults: defaults.optional(),
})

export const ScheduleSchema = strictMap({
  cron: z.string().regex(/^\S+( +\S+){4,5}$/, 'must be five fields, such as "0 2 * * SUN" (or six, seconds first)'),
  timezone: z.string().refine(isTimeZone, 'must be a time zone of the IANA database, such as Europe/London').optional(),
})

export const TaskSchema = strictMap({
  id,
  order: z.int().min(0).max(2_147_483_647).optional(),
  flow: anyMap.optional(),
  type: id.optional(),
  config: anyMap.optional(),
  active: z.boolean().optional(),
}).transform((task, ctx) => {
  if (task.flow === undefined && task.type === undefined)
    refuse(ctx, 'a task is a flow: …, or has a type: … and a config: …')
  else if (task.type === 'flow' && task.flow === undefined) refuse(ctx, 'type: flow is written flow: …', {}, ['type'])
  else if (task.flow !== undefined && task.type !== undefined && task.type !== 'flow') {
    refuse(ctx, 'flow and type exclude each other', { tm: 'TM1019' }, ['type'])
  } else if (task.flow !== undefined && task.config !== undefined) {
    refuse(ctx, 'config belongs to a type, not to a flow', { tm: 'TM1019' }, ['config'])
  }
  return task
})

export const ModuleSchema = strictMap({
  module: id,
  description: z.string().optional(),
  schedule: ScheduleSchema.optional(),
  active: z.boolean().optional(),
  defaults: defaults.optional(),
  tasks: z.array(TaskSchema),
})

/** The options of each kind of connection that is built; the others of the grammar are kept as they are. */
export const CONNECTION_SCHEMAS: Readonly<Record<string, z.ZodType<Readonly<Record<string, unknown>>>>> = {
  duckdb: strictMap({ path: name }),
  files: filesSchema,
  postgres: postgresSchema,
  s3: s3Schema,
  sqlserver: sqlserverSchema,
}
export const LATER_CONNECTION_KINDS: readonly string[] = ['trino', 'databricks']
/** Kinds that archives of snapshots may go to. */
export const ARCHIVE_KINDS: readonly string[] = ['files', 's3', 'postgres']
/** Kinds of targets that keep snapshots beside their tables. */
export const HOT_KINDS: readonly string[] = ['duckdb', 'postgres', 'sqlserver']
/** Kinds that hold archives, and no tables. */
export const ARCHIVE_ONLY_KINDS: readonly string[] = ['s3']
/** Kinds whose tables are paths below a folder. */
export const PATH_KINDS: readonly string[] = ['files']
