import fc from 'fast-check'
import { test } from 'vitest'
import { engineOp, SCOPES } from './engine-op.ts'
import { type FlatOp, type FlatWrite, playFlat } from './flat-model.ts'
import type { PositionKindName } from './position-kind.ts'
import { assertProperty } from './property-run.ts'

const scope = fc.constantFrom(...SCOPES)
const pick = fc.nat({ max: 9 })
const rows = fc.integer({ min: 1, max: 3 })
const begin: fc.Arbitrary<FlatWrite> = fc.record({
  op: fc.constant('begin'),
  rows,
  scope,
  pick: fc.option(pick, { nil: null }),
})
const write: fc.Arbitrary<FlatWrite> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('insert'),
      rows,
      scope,
      stamp: fc.constantFrom('now', 'now', 'late', 'soon'),
      back: fc.nat({ max: 99 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('update'), pick, to: fc.option(scope, { nil: null }) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('same'), pick }) },
  { weight: 2, arbitrary: begin },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('end'), pick, commit: fc.boolean() }) },
)
const op: fc.Arbitrary<FlatOp> = fc.oneof(write, engineOp(write, begin))
const kind = fc.constantFrom<PositionKindName>('clock', 'clock', 'buffered', 'number', 'overlapping')

test('whatever happens to a flat table and the engine, everything arrives once and in its newest version', async () => {
  await assertProperty('flat model', 60, fc.tuple(kind, fc.array(op, { minLength: 4, maxLength: 14 })), ([k, ops]) =>
    playFlat(k, ops),
  )
})
