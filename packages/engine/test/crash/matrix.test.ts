/**
 * A process dies by SIGKILL at every failpoint, of batches also at the second and third, and another process goes on:
 * by `resume` or by a new `run`, in turn.
 */
import type { FlowSpec } from '@tidemark/contract/flow'
import { afterAll, describe, expect, test } from 'vitest'
import { FAILPOINTS } from '../../src/runtime/failpoint.ts'
import { someOf } from '../support/long.ts'
import { present } from '../support/present.ts'
import type { World } from '../support/world.ts'
import { crash, expectWentOn, expectWhole, flowOf, type Shape, Sources, type Wreck, wreckOf } from './crash-world.ts'

const sources = new Sources()
afterAll(() => sources[Symbol.asyncDispose]())

/** a swap belongs to `replace`, an extraction to the spool lane: they have cases of their own */
const OWN = ['settle:swapped', 'spool:extracted']
const POINTS = FAILPOINTS.filter((point) => !OWN.includes(point)).flatMap((point) =>
  point.startsWith('batch:') ? [point, `${point}:2`, `${point}:3`] : [point],
)

const CASES = (['flat', 'tree'] as const).flatMap((shape) =>
  (['latest', 'insert-missing'] as const).flatMap((apply, a) =>
    [1, 2].flatMap((workers) =>
      POINTS.map((point, p) => ({
        shape,
        apply,
        workers,
        point,
        by: (a + workers + p) % 2 === 0 ? ('resume' as const) : ('run' as const),
      })),
    ),
  ),
)

describe.concurrent('crash matrix', () => {
  test.for(someOf(5, CASES))(
    '$shape, $apply, $workers workers: dies at $point, goes on by $by',
    async ({ shape, apply, workers, point, by }) => {
      await using w = await sources.world(shape)
      const flow = flowOf(shape, apply)
      await crash(w, { flow, workers, dieAt: point })
      const wreck = await wreckOf(w, flow)
      const wish = { batchRows: 2, workers }
      if (wreck === null || wreck.run.state === 'succeeded')
        return await expectNothingToResume(w, flow, shape, point, wreck)
      expect(await w.watermark(flow)).toBeNull()
      const run = by === 'resume' ? await w.resume(wreck.run.id, wish) : present((await w.runs(flow, wish))[0], 'run')
      await expectWentOn(w, wreck, run)
      await expectWhole(w, shape, flow, run, wreck.token)
    },
  )
})

/** It died before there was a run, or after its run had ended. */
async function expectNothingToResume(
  w: World,
  flow: FlowSpec,
  shape: Shape,
  point: string,
  wreck: Wreck | null,
): Promise<void> {
  expect(point).toBe(wreck === null ? 'lease:after' : 'settle:after')
  const [next] = await w.runs(flow, { batchRows: 2 })
  expect(next).toMatchObject({ state: wreck === null ? 'succeeded' : 'nothing_to_do' })
  await expectWhole(w, shape, flow, wreck?.run ?? present(next, 'run'), wreck?.token ?? 1n)
}
