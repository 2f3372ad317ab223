/** T-SQL that is made when it is asked for, and that of the example, goes through the gate as well. */
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { SqlServerReader } from '../../src/app/import/sqlserver-reader.ts'
import { agentSchedules } from '../../src/app/schedule/agent-schedule.ts'
import { parseCron } from '../../src/app/schedule/cron.ts'
import { type AgentJob, agentSql } from '../../src/app/schedule/sql-agent.ts'
import { findProblems } from '../support/tsql/check-tsql.ts'

const SCRIPTS = path.resolve(import.meta.dirname, '../../../../examples/filetable-blobs/sql/sqlserver')
/** of tables whose locator is a hierarchyid where there are such */
const MADE = /nobody can read it before/

describe('T-SQL that is written', () => {
  test.each(readdirSync(SCRIPTS))('is all that the script %s of the example holds', (name) => {
    const problems = findProblems(readFileSync(path.join(SCRIPTS, name), 'utf8'))
    expect(problems.filter(({ says }) => !MADE.test(says))).toEqual([])
    expect(problems.length > 0).toBe(name === '1-databases.sql')
  })

  test.each(['0 2 * * SUN', '*/15 9-17 * * 1-5', '0 1,5 13 * FRI'])('is the job of SQL Agent for %s', (cron) => {
    const { schedules } = agentSchedules(parseCron(cron))
    const job: AgentJob = {
      name: "Tidemark the office's",
      description: 'moves',
      command: 'cmd.exe /c tidemark run --all --project "C:\\it\'s here"',
      prefix: "Tidemark the office's #",
      schedules: (schedules ?? []).map((of, i) => ({ name: `Tidemark the office's #${i + 1}`, of })),
    }
    expect(findProblems(agentSql([job, { ...job, name: 'none', schedules: [] }], ['a remark']))).toEqual([])
  })

  test('is what an import asks a server', async () => {
    const asked: string[] = []
    const session = {
      records: async (text: string) => {
        asked.push(text)
        return [{ length: '16', schema: 'dbo', table: "it's]", column: 'when', type: 'datetime2', n: '1' }]
      },
      [Symbol.asyncDispose]: async () => {},
    }
    await using reader = new SqlServerReader(session, 'a server')
    const [table] = await reader.tables()
    if (table === undefined) throw new Error('there is no table')
    await reader.rows(table, ['when', 'a]b'])
    await reader.count(table)
    await reader.count({ ...table, columns: ['Processed'] })
    await reader.procedures()
    await reader.values(['some database', 'dbo', 'LA_BU'], 'businessunit')
    await reader.now()
    expect(asked).toHaveLength(8)
    expect(asked.flatMap(findProblems)).toEqual([])
  })
})
