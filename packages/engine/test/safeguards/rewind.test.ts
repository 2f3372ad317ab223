import { expect, test } from 'vitest'
import { flatProject } from '../e2e/project.ts'

const WRONG: readonly (readonly [to: string, says: RegExp])[] = [
  ['2999-01-01', /TM3008 .*beyond the watermark/],
  ['yesterday', /TM3008 .*"yesterday" is no TIMESTAMP/],
  ["2020-01-01'; DROP TABLE src --", /TM3008 .*is no TIMESTAMP/],
]

test.each(WRONG)('a rewind to the future or to nonsense is refused, and nothing moves: %s', async (to, says) => {
  await using p = await flatProject()
  await p.ok('run', '--all')
  const kept = () => p.store('select * from watermark')
  const before = kept()
  const { exit, out, err } = await p.cli(['rewind', 'm.t', '--to', to, '--reason', 'a test', '--yes'])
  expect([exit, out]).toEqual([2, ''])
  expect(err).toMatch(says)
  expect(kept()).toEqual(before)
  expect(p.store("select * from audit where action = 'rewind'")).toEqual([])
  p.expectFree()
})
