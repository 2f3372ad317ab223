/** `tidemark schedule --sql-agent`: the jobs by which SQL Server Agent calls Tidemark, as T-SQL. Nothing is written. */
import type { ScheduleDocument } from '@tidemark/contract/operate-documents'
import type { ModuleRow } from '../../control/control-store.ts'
import { throwIfAny } from '../../definition/problem.ts'
import { AppError } from '../../runtime/app-error.ts'
import { didYouMean } from '../../runtime/did-you-mean.ts'
import type { AppContext } from '../app-context.ts'
import { definedWith } from '../defined-with.ts'
import { agentSchedules, type AgentSchedules } from './agent-schedule.ts'
import { CronError, parseCron } from './cron.ts'
import { type AgentJob, agentSql } from './sql-agent.ts'

interface Scheduled {
  readonly module: string
  readonly cron: string
  readonly timezone: string | null
}

/** of `sysname`, less what is put behind a name */
const LONGEST_NAME = 100

/** `module` null: one job for all modules where their schedules agree, one for each where they do not. */
export async function schedule(ctx: AppContext, module: string | null): Promise<ScheduleDocument> {
  const { catalog, problems } = definedWith(ctx, await (await ctx.store('read')).catalog.read(), null)
  throwIfAny(problems)
  const active = catalog.modules.filter((m) => m.isActive)
  const chosen = module === null ? active : [findModule(catalog.modules, module)]
  const scheduled = chosen.flatMap(scheduleOf)
  const distinct = new Set(scheduled.map(({ cron, timezone }) => JSON.stringify([cron, timezone])))

  const jobs =
    module === null && distinct.size <= 1
      ? [jobOf(ctx, null, scheduled)]
      : [...new Set(scheduled.map((s) => s.module).concat(module ?? []))].map((name) =>
          jobOf(
            ctx,
            name,
            scheduled.filter((s) => s.module === name),
          ),
        )
  const notExpressed = jobs.flatMap((job) => job.notExpressed)
  const remarks = [
    ...aboutJobs(module, distinct.size, scheduled, chosen),
    ...notExpressed.map(
      ({ module: m, cron, why }) => `No schedule for ${m}, ${cron}: ${why}. Give the job one by hand.`,
    ),
  ]
  return {
    scheduler: 'sql-agent',
    jobs: jobs.map(({ job, modules, schedules }) => ({ name: job.name, command: job.command, modules, schedules })),
    not_expressed: notExpressed,
    sql: agentSql(
      jobs.map(({ job }) => job),
      remarks,
    ),
  }
}

function findModule(modules: readonly ModuleRow[], id: string): ModuleRow {
  const found = modules.find((m) => m.id === id)
  if (found === undefined) {
    const near = didYouMean(
      id,
      modules.map((m) => m.id),
    )
    throw new AppError('TM1003', `there is no module ${id}${near === null ? '' : `   did you mean ${near}?`}`)
  }
  if (!found.isActive) throw new AppError('TM1003', `module ${id} is switched off: a job of it would fail`)
  return found
}

function scheduleOf(row: ModuleRow): readonly Scheduled[] {
  const given = row.schedule === null ? null : (JSON.parse(row.schedule) as { cron: string; timezone?: string })
  return given === null ? [] : [{ module: row.id, cron: given.cron, timezone: given.timezone ?? null }]
}

interface Job {
  readonly job: AgentJob
  readonly modules: string[]
  readonly schedules: ScheduleDocument['jobs'][number]['schedules']
  readonly notExpressed: ScheduleDocument['not_expressed']
}

/** `scheduled`: of one schedule, or none. */
function jobOf(ctx: AppContext, module: string | null, scheduled: readonly Scheduled[]): Job {
  const name = `Tidemark ${ctx.project.name}${module === null ? '' : ` ${module}`}`.slice(0, LONGEST_NAME)
  const [first] = scheduled
  const translated: AgentSchedules = first === undefined ? { schedules: [], why: null } : translate(first.cron)
  const prefix = `${name} #`
  const schedules = (translated.schedules ?? []).map((of, i) => ({ name: `${prefix}${i + 1}`, of }))
  return {
    job: {
      name,
      description: `Moves what changed: tidemark run of the project ${ctx.project.name}`,
      command: commandOf(ctx.project.dir, module),
      schedules,
      prefix,
    },
    modules: scheduled.map((s) => s.module),
    schedules:
      first === undefined ? [] : schedules.map((s) => ({ name: s.name, cron: first.cron, timezone: first.timezone })),
    notExpressed:
      translated.why === null || first === undefined
        ? []
        : scheduled.map((s) => ({ module: s.module, cron: s.cron, why: translated.why ?? '' })),
  }
}

function translate(cron: string): AgentSchedules {
  try {
    return agentSchedules(parseCron(cron))
  } catch (error) {
    if (error instanceof CronError) return { schedules: null, why: error.message }
    throw error
  }
}

/**
 * A step starts a program by itself, and npm's `tidemark` is none but a script of the command shell. That knows double
 * quotes alone, in which it still puts the values of variables; and the first thing after `/c` has no quotes of its own,
 * so it takes none away.
 */
export function commandOf(dir: string, module: string | null): string {
  if (/"|%.*%/.test(dir))
    throw new AppError('TM1002', `no job can name a folder with a quotation mark or two percent signs in it: ${dir}`, {
      remedy: ['move the project into another folder'],
    })
  // of a whole drive: a backslash before a quotation mark would make it a part of the name
  const folder = dir.replace(/\\+$/, '$&$&')
  return `cmd.exe /c tidemark run ${module === null ? '--all' : `--module ${module}`} --project "${folder}"`
}

function aboutJobs(
  module: string | null,
  schedules: number,
  scheduled: readonly Scheduled[],
  chosen: readonly ModuleRow[],
): readonly string[] {
  const zones = [...new Set(scheduled.map((s) => s.timezone ?? 'the zone of whoever runs it'))]
  const without = chosen.filter((m) => !scheduled.some((s) => s.module === m.id)).map((m) => m.id)
  return [
    'Jobs of SQL Server Agent for msdb; running it again changes only what differs.',
    'The account of the Agent, or a proxy of the step, has to find tidemark in its PATH and the folder of the project.',
    'A step fails on every exit code but 0: 3 is held by another, 4 is done with rejects (tidemark rejects list).',
    ...(scheduled.length === 0
      ? ['No module has a schedule: give the job one by hand, or schedule: { cron: … } in the module.']
      : [`SQL Agent has no time zones: its server has to tell the time of ${zones.join(' and of ')}.`]),
    ...(module === null && schedules > 1 ? ['The schedules of the modules differ, so each has a job of its own.'] : []),
    ...(module === null && schedules > 1 && without.length > 0
      ? [`No job for ${without.join(', ')}: without a schedule.`]
      : []),
    ...(module === null && schedules === 1 && without.length > 0
      ? [`The job also runs what has no schedule: ${without.join(', ')}.`]
      : []),
  ]
}
