import { ScheduleDocument } from '@tidemark/contract/operate-documents'
import { expect, test } from 'vitest'
import { FLOW_YAML, flatProject, type Project } from './project.ts'

const module = (name: string, schedule: string): string =>
  FLOW_YAML.replace('module: m', `module: ${name}${schedule === '' ? '' : `\nschedule: ${schedule}`}`).replaceAll(
    'dst',
    `dst_${name}`,
  )

async function scheduled(...modules: readonly (readonly [string, string])[]): Promise<Project> {
  const p = await flatProject(1)
  p.write('modules/m.yaml', module('m', '{ cron: "0 2 * * SUN", timezone: Europe/London }'))
  for (const [name, schedule] of modules) p.write(`modules/${name}.yaml`, module(name, schedule))
  return p
}
const agent = (p: Project, ...argv: readonly string[]) => p.json(ScheduleDocument, ['schedule', '--sql-agent', ...argv])

test('schedule --sql-agent prints one job that runs everything, with the schedule of the modules', async () => {
  await using p = await scheduled(['n', '{ cron: "0 2 * * SUN", timezone: Europe/London }'], ['o', ''])
  const bytes = p.bytes()
  const document = await agent(p)
  expect(document.jobs).toEqual([
    {
      name: 'Tidemark test',
      command: `cmd.exe /c tidemark run --all --project "${p.dir}"`,
      modules: ['m', 'n'],
      schedules: [{ name: 'Tidemark test #1', cron: '0 2 * * SUN', timezone: 'Europe/London' }],
    },
  ])
  expect(document.not_expressed).toEqual([])
  expect((await p.ok('schedule', '--sql-agent')).out).toBe(document.sql)
  expect(p.bytes()).toEqual(bytes)
  expect(document.sql.replaceAll(p.dir, 'DIR')).toMatchInlineSnapshot(`
    "-- Jobs of SQL Server Agent for msdb; running it again changes only what differs.
    -- The account of the Agent, or a proxy of the step, has to find tidemark in its PATH and the folder of the project.
    -- A step fails on every exit code but 0: 3 is held by another, 4 is done with rejects (tidemark rejects list).
    -- SQL Agent has no time zones: its server has to tell the time of Europe/London.
    -- The job also runs what has no schedule: o.
    SET XACT_ABORT ON;
    DECLARE @job uniqueidentifier, @step int, @schedule int;
    BEGIN TRY
    BEGIN TRANSACTION;

    -- Tidemark test
    SET @job = NULL;
    SELECT @job = job_id FROM msdb.dbo.sysjobs WHERE name = N'Tidemark test';
    IF @job IS NULL
      EXEC msdb.dbo.sp_add_job @job_name = N'Tidemark test', @enabled = 1, @description = N'Moves what changed: tidemark run of the project test', @job_id = @job OUTPUT;
    ELSE
      EXEC msdb.dbo.sp_update_job @job_id = @job, @description = N'Moves what changed: tidemark run of the project test';
    SET @step = NULL;
    SELECT @step = step_id FROM msdb.dbo.sysjobsteps WHERE job_id = @job AND step_name = N'tidemark run';
    IF @step IS NULL
      EXEC msdb.dbo.sp_add_jobstep @job_id = @job, @step_name = N'tidemark run', @subsystem = N'CmdExec', @command = N'cmd.exe /c tidemark run --all --project "DIR"', @cmdexec_success_code = 0, @on_success_action = 1, @on_fail_action = 2;
    ELSE
      EXEC msdb.dbo.sp_update_jobstep @job_id = @job, @step_id = @step, @subsystem = N'CmdExec', @command = N'cmd.exe /c tidemark run --all --project "DIR"';
    IF NOT EXISTS (SELECT 1 FROM msdb.dbo.sysjobservers WHERE job_id = @job)
      EXEC msdb.dbo.sp_add_jobserver @job_id = @job, @server_name = N'(local)';
    SET @schedule = NULL;
    SELECT @schedule = s.schedule_id FROM msdb.dbo.sysjobschedules AS j JOIN msdb.dbo.sysschedules AS s ON s.schedule_id = j.schedule_id WHERE j.job_id = @job AND s.name = N'Tidemark test #1';
    IF @schedule IS NULL
    BEGIN
      EXEC msdb.dbo.sp_add_schedule @schedule_name = N'Tidemark test #1', @enabled = 1, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @freq_type = 8, @freq_interval = 1, @freq_subday_type = 1, @freq_subday_interval = 0, @active_start_time = 20000, @active_end_time = 235959, @schedule_id = @schedule OUTPUT;
      EXEC msdb.dbo.sp_attach_schedule @job_id = @job, @schedule_id = @schedule;
    END
    ELSE
      EXEC msdb.dbo.sp_update_schedule @schedule_id = @schedule, @freq_relative_interval = 0, @freq_recurrence_factor = 1, @freq_type = 8, @freq_interval = 1, @freq_subday_type = 1, @freq_subday_interval = 0, @active_start_time = 20000, @active_end_time = 235959;
    WHILE EXISTS (SELECT 1 FROM msdb.dbo.sysjobschedules AS j JOIN msdb.dbo.sysschedules AS s ON s.schedule_id = j.schedule_id WHERE j.job_id = @job AND LEFT(s.name, 15) = N'Tidemark test #' AND s.name NOT IN (N'Tidemark test #1'))
    BEGIN
      SELECT TOP (1) @schedule = s.schedule_id FROM msdb.dbo.sysjobschedules AS j JOIN msdb.dbo.sysschedules AS s ON s.schedule_id = j.schedule_id WHERE j.job_id = @job AND LEFT(s.name, 15) = N'Tidemark test #' AND s.name NOT IN (N'Tidemark test #1') ORDER BY s.schedule_id;
      EXEC msdb.dbo.sp_detach_schedule @job_id = @job, @schedule_id = @schedule, @delete_unused_schedule = 1;
    END

    COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
      IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;
      THROW;
    END CATCH;
    "
  `)
})

test('modules whose schedules differ have a job each, and one without a schedule is said to have none', async () => {
  await using p = await scheduled(['n', '{ cron: "*/15 * * * *" }'], ['o', ''])
  const document = await agent(p)
  expect(document.jobs.map((job) => [job.name, job.command.split(' --project')[0]])).toEqual([
    ['Tidemark test m', 'cmd.exe /c tidemark run --module m'],
    ['Tidemark test n', 'cmd.exe /c tidemark run --module n'],
  ])
  expect(document.sql).toContain('-- No job for o: without a schedule.')
  expect((await agent(p, '--module', 'o')).jobs).toMatchObject([{ name: 'Tidemark test o', schedules: [] }])
})

test('a schedule that SQL Agent has no words for is said, and its job comes without one', async () => {
  await using p = await scheduled(['n', '{ cron: "0 2 * JAN *" }'])
  const document = await agent(p, '--module', 'n')
  expect(document.not_expressed).toEqual([
    { module: 'n', cron: '0 2 * JAN *', why: 'SQL Agent cannot leave months out' },
  ])
  expect(document.jobs).toMatchObject([{ schedules: [] }])
  expect(document.sql).toContain('-- No schedule for n, 0 2 * JAN *: SQL Agent cannot leave months out.')
  // one that it had in an earlier time is taken off
  expect(document.sql).toContain("AND LEFT(s.name, 17) = N'Tidemark test n #')")
})

test.each([
  [['schedule'], '--sql-agent'],
  [['schedule', '--sql-agent', '--module', 'mm'], 'TM1003'],
])('schedule refuses what it cannot print: %j', async (argv, says) => {
  await using p = await scheduled()
  const { exit, err } = await p.cli(argv)
  expect([exit, err.includes(says)]).toEqual([2, true])
})

test('a module that is switched off gets no job', async () => {
  await using p = await scheduled(['n', '{ cron: "0 2 * * SUN", timezone: Europe/London }'])
  await p.ok('deploy')
  p.store("update module set is_active = 0 where id = 'n'")
  expect((await agent(p)).jobs).toMatchObject([{ modules: ['m'] }])
  expect((await p.cli(['schedule', '--sql-agent', '--module', 'n'])).err).toContain('is switched off')
})
