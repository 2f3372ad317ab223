/** The statements that the engine really sends, as files to be reviewed like code: every apply × shape × place of the position. */
import type { FlowSpec } from '@tidemark/contract/flow'
import { describe, expect, test } from 'vitest'
import { appliedAs, GOLDEN_FLOWS, goldenText, WITH_RULES } from '../support/golden-flows.ts'
import { openWorld } from '../support/world.ts'

/** What a target can refuse that can be told before. */
const RULES: Readonly<Record<string, { readonly flow: FlowSpec; readonly target: string }>> = {
  'latest-flat-rejects': {
    flow: WITH_RULES.plain,
    target:
      'CREATE TABLE dst (id BIGINT, path VARCHAR NOT NULL, parent VARCHAR, size DOUBLE, modified_on TIMESTAMP, UNIQUE (path), UNIQUE (parent, size))',
  },
  'latest-text-key-rejects': {
    flow: WITH_RULES.textKey,
    target:
      'CREATE TABLE dst (id BIGINT, path VARCHAR COLLATE nocase, parent VARCHAR, size DOUBLE, modified_on TIMESTAMP)',
  },
}

describe('golden SQL of duckdb', () => {
  test.each([
    ...Object.entries(GOLDEN_FLOWS).map(([name, flow]) => ({ name, flow, target: null })),
    ...Object.entries(RULES).map(([name, given]) => ({ name, ...given })),
  ])('$name', async ({ name, flow: definition, target }) => {
    await using w = await openWorld()
    if (target !== null) await w.target(target)
    await w.source(
      'CREATE TABLE src (id BIGINT, path VARCHAR, parent VARCHAR, size DOUBLE, modified_on TIMESTAMP)',
      'CREATE TABLE meta (id BIGINT, changed_on TIMESTAMP)',
      "INSERT INTO src VALUES (1, '/', NULL, 1, '2026-01-01')",
      "INSERT INTO meta VALUES (1, '2026-01-01')",
    )
    const { relation, selection, definition: d, lane } = await w.planned(definition)
    await using opened = await w.deps().openBench(definition, null)
    const text = goldenText(opened.bench.explain(relation, selection, appliedAs(d), lane))
    await expect(text).toMatchFileSnapshot(`./duckdb/${name}.sql`)
  })
})
