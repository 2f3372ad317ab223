/** The statements that the engine really sends, as files to be reviewed like code: every apply × shape × place of the position. */
import type { ColumnsSpec, FlowSpec } from '@tidemark/contract/flow'
import { describe, expect, test } from 'vitest'
import { flowSpec, openWorld } from '../support/world.ts'

const META = [{ table: ['meta'], as: 'meta', on: { id: 'id' } }]
const flat = flowSpec()
const joined = flowSpec({
  source: { ...flat.source, joins: META },
  watermark: { position: { table: 'meta', column: 'changed_on' } },
})

const QUEUE = `SELECT x.id FROM {meta} x WHERE (:after IS NULL OR x.changed_on > :after) AND x.changed_on <= :up_to
  AND (:scope_size IS NULL OR x.id > 7) AND NOT EXISTS (FROM {target} t WHERE t.id = x.id) -- ':after; {source}'
  AND x.id < :batch_size`
const BATCH = 'SELECT s.* FROM {source} s JOIN {batch} b ON b.id = s.id'

const CASES: Readonly<Record<string, FlowSpec>> = {
  'latest-flat': flat,
  'latest-flat-side-position': joined,
  'latest-tree': { ...joined, shape: { kind: 'tree', locator: 'path', parent: 'parent', orphans: null } },
  'insert-missing-flat': { ...flat, apply: { kind: 'insert-missing', maxDelete: null } },
  'insert-missing-backfill': { ...flat, capture: { kind: 'backfill', options: {} }, apply: { kind: 'insert-missing', maxDelete: null } },
  'latest-flat-templates': { ...joined, scope: { size: { table: null, column: 'size' } }, steps: { rows: { queue: QUEUE, batch: BATCH, maxDop: null } } },
  'latest-tree-template': { ...flat, shape: { kind: 'tree', locator: 'path', parent: 'parent', orphans: null }, steps: { children: { queue: null, batch: BATCH, maxDop: null } } },
}

/** A key that is hashed, and every other thing that `columns` can say. */
const COLUMNS: ColumnsSpec = {
  include: null,
  exclude: ['parent'],
  add: { changed: { kind: 'column', column: { table: 'meta', column: 'changed_on' } }, site: { kind: 'value', value: 'east' } },
  rename: { path: 'place' },
  cast: { size: 'decimal(10,2)' },
  mask: { id: { kind: 'hash', key: 'env:MASK_KEY' }, place: { kind: 'redact', text: '[gone]' } },
}
const COLUMN_CASES: Readonly<Record<string, FlowSpec>> = {
  'latest-flat-columns': { ...joined, columns: COLUMNS },
  'insert-missing-flat-columns': {
    ...flat,
    apply: { kind: 'insert-missing', maxDelete: null },
    columns: { ...COLUMNS, add: { site: { kind: 'value', value: 'east' } } },
  },
}

/** What a target can refuse that can be told before. */
const RULES: Readonly<Record<string, { readonly flow: FlowSpec; readonly target: string }>> = {
  'latest-flat-rejects': {
    flow: flat,
    target:
      'CREATE TABLE dst (id BIGINT, path VARCHAR NOT NULL, parent VARCHAR, size DOUBLE, modified_on TIMESTAMP, UNIQUE (path), UNIQUE (parent, size))',
  },
  'latest-text-key-rejects': {
    flow: { ...joined, key: ['path'] },
    target:
      'CREATE TABLE dst (id BIGINT, path VARCHAR COLLATE nocase, parent VARCHAR, size DOUBLE, modified_on TIMESTAMP)',
  },
}

describe('golden SQL of duckdb', () => {
  test.each([
    ...Object.entries({ ...CASES, ...COLUMN_CASES }).map(([name, flow]) => ({ name, flow, target: null })),
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
    const kind = d.apply.kind
    if (kind !== 'latest' && kind !== 'insert-missing') throw new TypeError(`no golden SQL of ${kind}`)
    await using opened = await w.deps().openBench(definition, null)
    const text = opened.bench
      .explain(relation, selection, kind, lane)
      .map((s) => `-- ${s.name}\n${s.text};\n`)
      .join('\n')
    // the window ends at the clock
    const stable = text.replaceAll(/'\d{4}-\d\d-\d\d [\d:.]+'/g, "'UP_TO'")
    await expect(stable).toMatchFileSnapshot(`./duckdb/${name}.sql`)
  })
})
