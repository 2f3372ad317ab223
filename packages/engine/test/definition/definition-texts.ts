/** YAML texts to definitions, without files. */
import { CAPTURE_SCHEMAS, type CaptureSchemas } from '@tidemark/contract/capture-schema'
import type { CatalogRows } from '../../src/control/control-store.ts'
import { deployChange, rowsAfter } from '../../src/definition/difference.ts'
import { type LoadedDefinitions, parseDefinitions } from '../../src/definition/parse-definitions.ts'
import { problemsError } from '../../src/definition/problem.ts'
import { readYaml } from '../../src/definition/read-yaml.ts'

export const PROJECT = `project: test
connections:
  shop: { kind: duckdb, path: shop.duckdb }
  lake: { kind: duckdb, path: lake.duckdb }
`

export const NO_ROWS: CatalogRows = { connections: [], modules: [], tasks: [] }

export const load = (
  modules: readonly string[],
  project = PROJECT,
  tables: CatalogRows | null = null,
  captures: CaptureSchemas = CAPTURE_SCHEMAS,
): LoadedDefinitions =>
  parseDefinitions(
    {
      project: readYaml('tidemark.yaml', project),
      modules: modules.map((text, i) => readYaml(`modules/m${i + 1}.yaml`, text)),
    },
    captures,
    tables,
  )

/** Sound ones only. */
export function loadSound(modules: readonly string[], project = PROJECT, tables: CatalogRows | null = null) {
  const loaded = load(modules, project, tables)
  if (loaded.problems.length > 0) throw problemsError(loaded.problems)
  return loaded.rows
}

export const problemText = (modules: readonly string[], project = PROJECT): string => {
  const { problems } = load(modules, project)
  return problems.length === 0 ? 'no problem' : problemsError(problems).message
}

/** A module with one flow; `change` is merged over its lines: key → text, null takes the key out. */
export function flowYaml(change: Readonly<Record<string, string | null>> = {}): string {
  const lines = {
    source: '{ connection: shop, table: orders }',
    target: '{ connection: lake, table: orders }',
    key: '[order_id]',
    capture: '{ kind: watermark, position: updated_at }',
    apply: 'latest',
    ...change,
  }
  const flow = Object.entries(lines).flatMap(([key, text]) => (text === null ? [] : [`      ${key}: ${text}`]))
  return ['module: shop', 'tasks:', '  - id: orders', '    order: 1', '    flow:', ...flow, ''].join('\n')
}

/** The tables after these modules were deployed into `tables`. */
export function deployed(modules: readonly string[], tables: CatalogRows = NO_ROWS, project = PROJECT): CatalogRows {
  const { change } = deployChange(loadSound(modules, project, tables), tables, { overwrite: false, complete: true })
  return rowsAfter(tables, change)
}
