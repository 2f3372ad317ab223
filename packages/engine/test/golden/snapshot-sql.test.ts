/** The statements of a run that takes a snapshot, from the extraction to what lands, as files to be reviewed like code. */
import type { SnapshotOptions } from '@tidemark/contract/capture'
import type { FlowSpec, Scope } from '@tidemark/contract/flow'
import { describe, expect, test } from 'vitest'
import { explainRun } from '../../src/run/explain-run.ts'
import { goldenText } from '../support/golden-flows.ts'
import { openSnapshotWorld, SCOPED, snapshotFlow } from '../support/snapshot-world.ts'

interface Case {
  readonly apply: FlowSpec['apply']['kind']
  readonly options?: Partial<SnapshotOptions>
  readonly over?: Partial<FlowSpec>
  readonly scope?: Scope
  /** nothing was taken before */
  readonly first?: true
}

const CASES: Readonly<Record<string, Case>> = {
  'snapshot-live': { apply: 'live' },
  'snapshot-live-first': { apply: 'live', first: true },
  'snapshot-live-scope': { apply: 'live', over: SCOPED, scope: { customer: 'c' } },
  'snapshot-forensic': { apply: 'forensic' },
  'snapshot-latest-exact': { apply: 'latest', options: { exact: true, normalise: { name: [{ kind: 'trim' }] } } },
  'snapshot-hot-target': { apply: 'live', options: { hot: 'target' } },
  'snapshot-hot-target-first': { apply: 'none', options: { hot: 'target' }, first: true },
  'snapshot-none': { apply: 'none' },
}

describe('golden SQL of snapshots into duckdb', () => {
  test.each(Object.entries(CASES))('%s', async (name, { apply, options, over, scope = {}, first }) => {
    await using world = await openSnapshotWorld()
    const { w } = world
    world.engine = 'v0.0.0'
    await w.source(
      'CREATE TABLE src (id BIGINT, name VARCHAR, price DECIMAL(38,10), customer VARCHAR)',
      "INSERT INTO src VALUES (1, 'one', 1.5, 'c')",
    )
    const flow = snapshotFlow(options, { apply: { kind: apply, maxDelete: null }, ...over })
    if (first === undefined) await world.take(flow, { scope })
    const [before] = await world.snapshots(flow)
    const plan = await w.planned(flow, { scope })
    const deps = w.deps()
    await using opened = await deps.openBench(flow, null)
    const text = goldenText(await explainRun(deps.modes, w.store.id, plan, opened.bench))
    // ids are new each time
    const stable = text.replaceAll(/\bs-[0-9a-z]{8}\b/g, (id) => (id === before?.id ? 'S-BEFORE' : 'S-NOW'))
    const ours = stable.replaceAll(w.store.id, 'STORE')
    await expect(ours).toMatchFileSnapshot(`./duckdb/${name}.sql`)
  })
})
