import fc from 'fast-check'
import { test } from 'vitest'
import { engineOp, SCOPES } from './engine-op.ts'
import { assertProperty } from './property-run.ts'
import { playTree, type TreeOp, type TreeSetting, type TreeWrite } from './tree-model.ts'

const scope = fc.constantFrom(...SCOPES)
const pick = fc.nat({ max: 9 })
const under = fc.option(pick, { nil: null, freq: 4 })
const begin: fc.Arbitrary<TreeWrite> = fc.record({
  op: fc.constant('begin'),
  under,
  scope,
  pick: fc.option(pick, { nil: null }),
})
const add: fc.Arbitrary<TreeWrite> = fc.record({
  op: fc.constant('add'),
  under,
  meta: fc.constantFrom('with', 'with', 'with', 'none', 'first'),
  scope,
  late: fc.option(fc.nat({ max: 99 }), { nil: null }),
})
const write: fc.Arbitrary<TreeWrite> = fc.oneof(
  { weight: 3, arbitrary: add },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('appear'), pick }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('touch'), pick, to: fc.option(scope, { nil: null }) }) },
  { weight: 6, arbitrary: fc.record({ op: fc.constant('move'), pick, under }) },
  { weight: 1, arbitrary: begin },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('end'), pick, commit: fc.boolean() }) },
)
const op: fc.Arbitrary<TreeOp> = fc.oneof(
  { weight: 3, arbitrary: write },
  { weight: 2, arbitrary: engineOp(write, begin) },
)
const setting: fc.Arbitrary<TreeSetting> = fc.record({
  kind: fc.constantFrom('clock', 'clock', 'buffered'),
  orphans: fc.constantFrom('skip', 'quarantine'),
})

const FIRST_LOAD: TreeOp = { op: 'run', scope: null, batchRows: 100, workers: 1 }
/** Most of them begin with a tree that was delivered: there is more to move then. */
const ops: fc.Arbitrary<readonly TreeOp[]> = fc
  .tuple(
    fc.array(add, { minLength: 2, maxLength: 6 }),
    fc.constantFrom(true, true, false),
    fc.array(op, { minLength: 3, maxLength: 10 }),
  )
  .map(([adds, loaded, rest]) => [...adds, ...(loaded ? [FIRST_LOAD] : []), ...rest])

test('whatever happens to a tree and the engine, everything that can land arrives where it belongs', async () => {
  await assertProperty('tree model', 40, fc.tuple(setting, ops), ([s, o]) => playTree(s, o))
})
