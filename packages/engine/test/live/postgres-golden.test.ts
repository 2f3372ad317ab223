/** The statements that PostgreSQL gets, as files to be reviewed like code: within one database, and into another one. */
import type { FlowSpec } from '@tidemark/contract/flow'
import { describe, expect, test } from 'vitest'
import { appliedAs, GOLDEN_FLOWS, goldenText, WITH_RULES } from '../support/golden-flows.ts'
import { postgresEnds } from '../support/postgres-ends.ts'
import { openWorldsWith } from '../support/world-ends.ts'
import { openWorld } from '../support/world.ts'

const COLLATION = "CREATE COLLATION public.nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
const RULES: Readonly<Record<string, { readonly flow: FlowSpec; readonly target: readonly string[] }>> = {
  'latest-flat-rejects': {
    flow: WITH_RULES.plain,
    target: [
      'CREATE TABLE dst (id bigint PRIMARY KEY, path text NOT NULL, parent text, size float8, modified_on timestamp, UNIQUE (path), UNIQUE (parent, size))',
    ],
  },
  'latest-text-key-rejects': {
    flow: WITH_RULES.textKey,
    target: [
      COLLATION,
      'CREATE TABLE dst (id bigint, path text COLLATE public.nocase PRIMARY KEY, parent text, size float8, modified_on timestamp)',
    ],
  },
}

const CASES = [
  ...Object.entries(GOLDEN_FLOWS).map(([name, flow]) => ({ name, flow, target: [] })),
  ...Object.entries(RULES).map(([name, given]) => ({ name, ...given })),
]
/** Templates read source and target together, and trees look for parents in both. */
const needsOneDatabase = ({ steps, shape }: FlowSpec): boolean => shape.kind === 'tree' || Object.keys(steps).length > 0

describe.each<{ lane: 'pushdown' | 'relay'; apart: boolean }>([
  { lane: 'pushdown', apart: false },
  { lane: 'relay', apart: true },
])('golden SQL of postgres, $lane', ({ lane, apart }) => {
  const cases = CASES.filter(({ flow }) => !apart || !needsOneDatabase(flow))
  test.each(cases)('$name', async ({ name, flow, target }) => {
    openWorldsWith(() => postgresEnds('18', apart))
    await using w = await openWorld()
    if (target.length > 0) await w.target(...target)
    await w.source(
      'CREATE TABLE src (id bigint, path text, parent text, size float8, modified_on timestamp)',
      'CREATE TABLE meta (id bigint, changed_on timestamp)',
      "INSERT INTO src VALUES (1, '/', NULL, 1, '2026-01-01')",
      "INSERT INTO meta VALUES (1, '2026-01-01')",
    )
    const planned = await w.planned(flow)
    expect(planned.lane).toBe(lane)
    await using opened = await w.deps().openBench(flow, null)
    await opened.bench.source.describe(planned.relation.source.table)
    const { relation, selection, definition } = planned
    const text = goldenText(opened.bench.explain(relation, selection, appliedAs(definition), lane))
    await expect(text).toMatchFileSnapshot(`../golden/postgres/${name}.${lane}.sql`)
  })
})
