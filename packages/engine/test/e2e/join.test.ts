import { ErrorDocument, RunDocument, ShowDocument } from '@tidemark/contract/api'
import { expect, test } from 'vitest'
import { flatProject, type Project } from './project.ts'

/** Killed in its second batch; its lease is not over yet. */
async function killed(): Promise<{ readonly p: Project; readonly id: string }> {
  const p = await flatProject(4)
  await p.ok('deploy')
  const failpoint = { TIDEMARK_FAILPOINT: 'batch:claimed:2' }
  const { signal } = await p.child(['run', 'm.t', '--batch-rows', '1', '--parallel', '1'], failpoint).ended
  expect(signal).toBe('SIGKILL')
  const { out } = await p.ok('runs', '--json')
  return { p, id: (JSON.parse(out) as { runs: { run: string }[] }).runs[0]?.run ?? '' }
}

test('show --json names the worker of a run, whose it is, and the batches it has in hand', async () => {
  const { p, id } = await killed()
  await using _p = p
  const { workers } = await p.json(ShowDocument, ['show', id])
  expect(workers).toMatchObject([{ owner: true, expired: false, batches: [{ batch: 2, step: 1, attempt: 1 }] }])
  expect(workers[0]?.who).toMatch(/, process \d+ on /)
  const { runs } = await p.json(RunDocument, ['resume', id])
  expect(runs).toMatchObject([{ status: 'succeeded', rows: { inserted: 4 } }])
  expect((await p.json(ShowDocument, ['show', id])).workers).toEqual([])
})

test('run --join refuses DuckDB files, a run that is unknown and one that has ended, each with exit 2', async () => {
  const { p, id } = await killed()
  await using _p = p
  const codeOf = async (run: string): Promise<string> =>
    (await p.json(ErrorDocument, ['run', '--join', run], 2)).error.code
  expect(await codeOf(id)).toBe('TM3014')
  expect(await codeOf('r-00000')).toBe('TM1004')
  await p.ok('resume', id)
  expect(await codeOf(id)).toBe('TM3012')
})
