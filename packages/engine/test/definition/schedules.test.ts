import { resolveCatalog } from '../../src/definition/resolve.ts'
import { CAPTURE_SCHEMAS } from '@tidemark/contract/capture-schema'
import { expect, test } from 'vitest'

const resolved = (schedule: string | null, isActive = true) =>
  resolveCatalog(
    { connections: [], modules: [{ id: 'shop', description: null, schedule, isActive, deployed: null }], tasks: [] },
    CAPTURE_SCHEMAS,
  )

test.each([
  ['{"cron":"every night"}', 'TM1011', 'schedule.cron'],
  ['{"cron":"0 2 * * *","timezone":"Nowhere/City"}', 'TM1011', 'schedule.timezone'],
  ['{"timezone":"UTC"}', 'TM1011', 'schedule'],
  ['{"cron":"0 2 * * *","timezon":"UTC"}', 'TM1012', 'schedule.timezon'],
  ['{"cron":"0 2 * * *","cron":"0 3 * * *"}', 'TM1011', 'schedule'],
])('a schedule edited by SQL to %s is refused at its place', (schedule, code, field) => {
  const { problems, inactiveProblems } = resolved(schedule)
  expect(problems).toMatchObject([{ code, place: { table: 'module', key: 'shop', field } }])
  expect(inactiveProblems).toEqual([])
})

test('a sound schedule, and none, are no problem, and a module that is switched off is in nobody’s way', () => {
  for (const schedule of [null, '{"cron":"0 2 * * SUN"}', '{"cron":"0 2 * * SUN","timezone":"Europe/London"}'])
    expect(resolved(schedule).problems).toEqual([])
  const off = resolved('{"cron":"every night"}', false)
  expect([off.problems, off.inactiveProblems.length]).toEqual([[], 1])
})
