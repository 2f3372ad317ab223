/**
 * Jobs of SQL Server Agent as T-SQL for msdb. Run twice it changes nothing the second time: a job, its step and its
 * schedules are found by their names and brought up to date in place, so that history, permissions, further steps and
 * what somebody switched off stay.
 */
import type { AgentSchedule } from './agent-schedule.ts'

export interface AgentJob {
  readonly name: string
  readonly description: string
  /** for the command shell */
  readonly command: string
  readonly schedules: readonly { readonly name: string; readonly of: AgentSchedule }[]
  /** of the names of the job's schedules that are ours */
  readonly prefix: string
}

export const STEP = 'tidemark run'

export function agentSql(jobs: readonly AgentJob[], remarks: readonly string[]): string {
  return [
    ...remarks.map((line) => `-- ${inComment(line)}`),
    'SET XACT_ABORT ON;',
    'DECLARE @job uniqueidentifier, @step int, @schedule int;',
    'BEGIN TRY',
    'BEGIN TRANSACTION;',
    ...jobs.flatMap(jobLines),
    '',
    'COMMIT TRANSACTION;',
    'END TRY',
    'BEGIN CATCH',
    '  IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;',
    '  THROW;',
    'END CATCH;',
    '',
  ].join('\n')
}

function jobLines({ name, description, command, schedules, prefix }: AgentJob): readonly string[] {
  return [
    '',
    `-- ${inComment(name)}`,
    'SET @job = NULL;',
    `SELECT @job = job_id FROM msdb.dbo.sysjobs WHERE name = ${text(name)};`,
    'IF @job IS NULL',
    `  EXEC msdb.dbo.sp_add_job @job_name = ${text(name)}, @enabled = 1, @description = ${text(description)}, @job_id = @job OUTPUT;`,
    'ELSE',
    `  EXEC msdb.dbo.sp_update_job @job_id = @job, @description = ${text(description)};`,
    'SET @step = NULL;',
    `SELECT @step = step_id FROM msdb.dbo.sysjobsteps WHERE job_id = @job AND step_name = ${text(STEP)};`,
    'IF @step IS NULL',
    `  EXEC msdb.dbo.sp_add_jobstep @job_id = @job, @step_name = ${text(STEP)}, @subsystem = N'CmdExec', @command = ${text(command)}, @cmdexec_success_code = 0, @on_success_action = 1, @on_fail_action = 2;`,
    'ELSE',
    `  EXEC msdb.dbo.sp_update_jobstep @job_id = @job, @step_id = @step, @subsystem = N'CmdExec', @command = ${text(command)};`,
    'IF NOT EXISTS (SELECT 1 FROM msdb.dbo.sysjobservers WHERE job_id = @job)',
    "  EXEC msdb.dbo.sp_add_jobserver @job_id = @job, @server_name = N'(local)';",
    ...schedules.flatMap(({ name: schedule, of }) => scheduleLines(schedule, of)),
    ...withoutOthers(
      prefix,
      schedules.map((s) => s.name),
    ),
  ]
}

const OURS =
  'FROM msdb.dbo.sysjobschedules AS j JOIN msdb.dbo.sysschedules AS s ON s.schedule_id = j.schedule_id WHERE j.job_id = @job'

function scheduleLines(name: string, of: AgentSchedule): readonly string[] {
  const values = Object.entries(of)
    .map(([parameter, value]) => `@${parameter} = ${value}`)
    .join(', ')
  return [
    'SET @schedule = NULL;',
    `SELECT @schedule = s.schedule_id ${OURS} AND s.name = ${text(name)};`,
    'IF @schedule IS NULL',
    'BEGIN',
    `  EXEC msdb.dbo.sp_add_schedule @schedule_name = ${text(name)}, @enabled = 1, ${values}, @schedule_id = @schedule OUTPUT;`,
    '  EXEC msdb.dbo.sp_attach_schedule @job_id = @job, @schedule_id = @schedule;',
    'END',
    'ELSE',
    `  EXEC msdb.dbo.sp_update_schedule @schedule_id = @schedule, ${values};`,
  ]
}

/** Schedules of an earlier time that the module has no more. */
function withoutOthers(prefix: string, names: readonly string[]): readonly string[] {
  const others = `LEFT(s.name, ${prefix.length}) = ${text(prefix)}${
    names.length === 0 ? '' : ` AND s.name NOT IN (${names.map(text).join(', ')})`
  }`
  return [
    `WHILE EXISTS (SELECT 1 ${OURS} AND ${others})`,
    'BEGIN',
    `  SELECT TOP (1) @schedule = s.schedule_id ${OURS} AND ${others} ORDER BY s.schedule_id;`,
    '  EXEC msdb.dbo.sp_detach_schedule @job_id = @job, @schedule_id = @schedule, @delete_unused_schedule = 1;',
    'END',
  ]
}

const text = (value: string): string => `N'${value.replaceAll("'", "''")}'`
const inComment = (value: string): string => value.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, '\uFFFD')
