import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { inOrder, type Ordered } from './in-order.ts'

const flow = (id: string, order: number): Ordered => ({ id, module: id.slice(0, id.indexOf('.')), order })

/** Plays the flows; those in `bad` do not end well. What began and ended, and the answers. */
async function play(
  flows: readonly Ordered[],
  most: number,
  {
    bad = [],
    stopAfter = Infinity,
    clashing = [],
  }: {
    readonly bad?: readonly string[]
    readonly stopAfter?: number
    readonly clashing?: readonly string[]
  } = {},
): Promise<{ readonly said: readonly string[]; readonly answers: readonly string[]; readonly most: number }> {
  const said: string[] = []
  let atWork = 0
  let greatest = 0
  let ended = 0
  const answers = await inOrder<Ordered, string>(flows, {
    most,
    isStopped: () => ended >= stopAfter,
    work: async ({ id }) => {
      said.push(`+${id}`)
      greatest = Math.max(greatest, (atWork += 1))
      await sleep(5)
      atWork -= 1
      ended += 1
      said.push(`-${id}`)
      return bad.includes(id) ? `${id} bad` : `${id} well`
    },
    clash: (a, b) => clashing.includes(a.id) && clashing.includes(b.id),
    endedWell: (answer) => answer.endsWith('well'),
    leftOut: ({ id }, because) => `${id} left out${because.map((b) => ` ${b.id}`).join('')}`,
  })
  return { said, answers, most: greatest }
}

test('one at a time, flows run in the order given, but for a lower order of their module', async () => {
  const { said, most } = await play([flow('m.c', 2), flow('m.a', 1), flow('m.b', 1), flow('n.x', 9), flow('m.d', 3)], 1)
  expect(said.filter((s) => s.startsWith('+'))).toEqual(['+m.a', '+m.b', '+m.c', '+n.x', '+m.d'])
  expect(most).toBe(1)
})

test('flows of one order and of other modules run side by side; a higher order waits for the lower one to end', async () => {
  const { said, most } = await play([flow('m.a', 1), flow('m.b', 1), flow('m.c', 2), flow('n.x', 7)], 4)
  expect(said.slice(0, 3)).toEqual(['+m.a', '+m.b', '+n.x'])
  expect(said.indexOf('+m.c')).toBeGreaterThan(Math.max(said.indexOf('-m.a'), said.indexOf('-m.b')))
  expect(most).toBe(3)
})

test('never more flows at work than there are workers', async () => {
  expect(
    (
      await play(
        ['a', 'b', 'c', 'd', 'e'].map((t) => flow(`m.${t}`, 1)),
        2,
      )
    ).most,
  ).toBe(2)
})

test('what waits for a flow that did not end well is left out, over several orders, and all else goes on', async () => {
  const flows = [flow('m.a', 1), flow('m.b', 1), flow('m.c', 2), flow('m.d', 5), flow('n.x', 1), flow('n.y', 2)]
  expect((await play(flows, 2, { bad: ['m.a'] })).answers).toEqual([
    'm.a bad',
    'm.b well',
    'm.c left out m.a',
    'm.d left out m.a',
    'n.x well',
    'n.y well',
  ])
})

test('asked to stop, no other flow begins, and each that did not is told', async () => {
  const flows = ['a', 'b', 'c'].map((t) => flow(`m.${t}`, 1))
  expect((await play(flows, 1, { stopAfter: 1 })).answers).toEqual(['m.a well', 'm.b left out', 'm.c left out'])
})

test('two flows that clash take turns, and a third goes on beside them', async () => {
  const { said } = await play([flow('m.a', 1), flow('n.b', 1), flow('m.c', 1)], 3, { clashing: ['m.a', 'n.b'] })
  expect(said.slice(0, 2)).toEqual(['+m.a', '+m.c'])
  expect(said.indexOf('+n.b')).toBeGreaterThan(said.indexOf('-m.a'))
})
