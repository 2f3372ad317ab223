import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { parseRunId } from '@tidemark/contract/ids'
import { expect, test } from 'vitest'
import { expectFree } from '../support/refusals.ts'
import { TABLE } from '../support/flat.ts'
import { flowSpec, openWorld } from '../support/world.ts'

const flow = flowSpec()
const CHILD = fileURLToPath(new URL('../support/run-with-file-limit.ts', import.meta.url))

interface Ended {
  readonly id: string
  readonly state: string
  readonly code: string | null
  readonly message: string | null
}

/** A limit on the size of each file is a real full disk to the process that runs into it. */
function runLimited(dir: string, kibibytes: number): Ended {
  const args = [
    '-c',
    `ulimit -f ${kibibytes}; exec "$@"`,
    'bash',
    process.execPath,
    '--conditions=tidemark-source',
    CHILD,
    dir,
  ]
  return JSON.parse(execFileSync('bash', args, { encoding: 'utf8' })) as Ended
}

test('a full disk fails the run with its code and leaves the lease free; with room the run resumes and ends succeeded', async () => {
  await using w = await openWorld()
  await w.source(
    TABLE,
    "INSERT INTO src SELECT i, md5(i::VARCHAR) || md5((i * 7)::VARCHAR), TIMESTAMP '2020-01-01' + to_microseconds(i) FROM range(300000) t(i)",
  )
  const ended = runLimited(w.dir, 12_000)
  expect(ended).toMatchObject({ state: 'failed', code: 'TM2004' })
  await expectFree(w, flow)
  expect(await w.watermark(flow)).toBeNull()
  const resumed = await w.resume(parseRunId(ended.id))
  expect(resumed).toMatchObject({ id: ended.id, state: 'succeeded' })
  expect(await w.targetRows('SELECT count(*), count(DISTINCT id) FROM dst')).toEqual([['300000', '300000']])
})
