import type { ErrorPolicy } from '@tidemark/contract/flow'
import { expect, test } from 'vitest'
import { ids, rows, TABLE } from '../support/flat.ts'
import { expectFailed } from '../support/refusals.ts'
import { quarantining, rejected } from '../support/rejected.ts'
import { AppError, Cancelled } from '../../src/runtime/app-error.ts'
import { openWorld } from '../support/world.ts'

const NOT_NULL = 'CREATE TABLE dst (id BIGINT, name VARCHAR NOT NULL, modified_on TIMESTAMP)'
const CHECKED = "CREATE TABLE dst (id BIGINT, name VARCHAR CHECK (name NOT LIKE 'bad%'), modified_on TIMESTAMP)"
const policy = (code: string, what: ErrorPolicy['do'], more: Partial<ErrorPolicy> = {}): ErrorPolicy => ({
  code,
  do: what,
  step: null,
  attempts: null,
  ...more,
})

/** Fails the first `times` attempts at a batch. */
function failing(times: number, code: 'TM5001' | 'TM5003') {
  const seen = { attempts: 0 }
  const hit = async (point: string): Promise<void> => {
    if (point !== 'batch:staged') return
    seen.attempts += 1
    if (seen.attempts <= times) throw new AppError(code, 'a passing trouble')
  }
  return { hit, seen }
}

test('a policy that says retry tries the batch again until it lands', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  const { hit, seen } = failing(2, 'TM5001')
  const told: number[] = []
  const run = await w.run(quarantining({ onError: [policy('TM50*', 'retry', { attempts: 3 })] }), {
    hit,
    emit: (event, detail) => {
      if (event === 'batch:retry') told.push((detail as { readonly attempt: number }).attempt)
    },
  })
  expect(run).toMatchObject({ state: 'succeeded', rows: { inserted: 3n } })
  expect(seen.attempts).toBe(3)
  expect(told).toEqual([1, 2])
})

test('attempts exhausted fail the run with the code, and it can be resumed', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  const flow = quarantining({ onError: [policy('TM5001', 'retry', { attempts: 3 })] })
  const { hit, seen } = failing(99, 'TM5001')
  const failed = await expectFailed(w, flow, 'TM5001', { hit })
  expect(seen.attempts).toBe(3)
  expect(await w.resume(failed.id)).toMatchObject({ state: 'succeeded', rows: { inserted: 3n } })
})

test('a conflict is tried again without a policy, and at once the end under a fatal one', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  const fatal = failing(1, 'TM5003')
  await expectFailed(w, quarantining({ onError: [policy('TM5003', 'fatal')] }), 'TM5003', { hit: fatal.hit })
  expect(fatal.seen.attempts).toBe(1)
  const usual = failing(1, 'TM5003')
  expect(await w.run(quarantining(), { hit: usual.hit, fresh: true })).toMatchObject({ state: 'succeeded' })
  expect(usual.seen.attempts).toBe(2)
})

test.for([
  ['rows told before', NOT_NULL, 'UPDATE src SET name = NULL WHERE id = 1', 'TM5009'],
  ['rows found by trying', CHECKED, "UPDATE src SET name = 'bad' WHERE id = 1", 'TM5001'],
] as const)(
  'the first policy that matches decides between fatal and quarantine: %s',
  async ([, target, spoil, code]) => {
    await using w = await openWorld()
    await w.target(target)
    await w.source(TABLE, rows(3), spoil)
    const fatal = [policy('TM50*', 'fatal'), policy(code, 'quarantine')]
    await expectFailed(w, quarantining({ onError: fatal }), code)
    expect(await ids(w)).toEqual([])
    const other = [policy(code, 'quarantine', { step: 'rows' }), policy('TM50*', 'fatal')]
    expect(await w.run(quarantining({ onError: other }), { fresh: true })).toMatchObject({
      state: 'succeeded_with_rejects',
      rows: { inserted: 2n, rejected: 1n },
    })
    expect(await rejected(w)).toEqual([`["1"] ${code} open`])
  },
)

test('a policy of another step does not answer', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  const { hit, seen } = failing(1, 'TM5001')
  await expectFailed(w, quarantining({ onError: [policy('TM5001', 'retry', { step: 'children' })] }), 'TM5001', { hit })
  expect(seen.attempts).toBe(1)
})

test('an error that quarantine finds no row for fails the run: it never loops', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(5))
  let attempts = 0
  const hit = async (point: string): Promise<void> => {
    if (point === 'batch:before-commit') {
      attempts += 1
      throw new AppError('TM5001', 'no row is to blame')
    }
  }
  await expectFailed(w, quarantining({ onError: [policy('TM5001', 'quarantine')] }), 'TM5001', { hit })
  expect(attempts).toBe(1)
})

test('whoever stops the run does not wait for the next attempt', async () => {
  await using w = await openWorld()
  await w.source(TABLE, rows(3))
  const stop = new AbortController()
  const { hit } = failing(99, 'TM5001')
  const run = await w.run(quarantining({ onError: [policy('TM5001', 'retry', { attempts: 100 })] }), {
    hit,
    soft: stop.signal,
    emit: (event) => {
      if (event === 'batch:retry') stop.abort(new Cancelled('stopped'))
    },
  })
  expect(run).toMatchObject({ state: 'cancelled' })
})
