/** Flows that between them have every apply × shape × place of the position, and everything that `columns` can say. */
import type { ColumnsSpec, FlowSpec } from '@tidemark/contract/flow'
import { flowSpec } from './world.ts'

const META = [{ table: ['meta'], as: 'meta', on: { id: 'id' } }]
const flat = flowSpec()
const joined = flowSpec({
  source: { ...flat.source, joins: META },
  watermark: { position: { table: 'meta', column: 'changed_on' } },
})

const QUEUE = `SELECT x.id FROM {meta} x WHERE (:after IS NULL OR x.changed_on > :after) AND x.changed_on <= :up_to
  AND (:scope_size IS NULL OR x.id > 7) AND NOT EXISTS (SELECT 1 FROM {target} t WHERE t.id = x.id) -- ':after; {source}'
  AND x.id < :batch_size`
const BATCH = 'SELECT s.* FROM {source} s JOIN {batch} b ON b.id = s.id'

const PLAIN: Readonly<Record<string, FlowSpec>> = {
  'latest-flat': flat,
  'latest-flat-side-position': joined,
  'latest-tree': { ...joined, shape: { kind: 'tree', locator: 'path', parent: 'parent', orphans: null } },
  'insert-missing-flat': { ...flat, apply: { kind: 'insert-missing', maxDelete: null } },
  'insert-missing-backfill': {
    ...flat,
    capture: { kind: 'backfill', options: {} },
    apply: { kind: 'insert-missing', maxDelete: null },
  },
  'latest-flat-templates': {
    ...joined,
    scope: { size: { table: null, column: 'size' } },
    steps: { rows: { queue: QUEUE, batch: BATCH, maxDop: null } },
  },
  'latest-tree-template': {
    ...flat,
    shape: { kind: 'tree', locator: 'path', parent: 'parent', orphans: null },
    steps: { children: { queue: null, batch: BATCH, maxDop: null } },
  },
}

/** A key that is hashed, and every other thing that `columns` can say. */
const COLUMNS: ColumnsSpec = {
  include: null,
  exclude: ['parent'],
  add: {
    changed: { kind: 'column', column: { table: 'meta', column: 'changed_on' } },
    site: { kind: 'value', value: 'east' },
  },
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

export const GOLDEN_FLOWS: Readonly<Record<string, FlowSpec>> = { ...PLAIN, ...COLUMN_CASES }

/** Two whose targets can refuse rows, which can be told before: by a row's values, and by a text key. */
export const WITH_RULES = { plain: flat, textKey: { ...joined, key: ['path'] } } as const satisfies Readonly<
  Record<string, FlowSpec>
>

/** `apply`s that `explain` knows. */
export function appliedAs({ apply: { kind } }: FlowSpec): 'latest' | 'insert-missing' {
  if (kind !== 'latest' && kind !== 'insert-missing') throw new TypeError(`no golden SQL of ${kind}`)
  return kind
}

/** The file's text: the window ends at the clock, which is never the same. */
export const goldenText = (statements: readonly { readonly name: string; readonly text: string }[]): string =>
  statements
    .map((s) => `-- ${s.name}\n${s.text};\n`)
    .join('\n')
    .replaceAll(/'\d{4}-\d\d-\d\d [\d:.]+(?:\+00)?'/g, "'UP_TO'")
