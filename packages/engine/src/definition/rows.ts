/** Control rows and the flow that people write: two forms of one thing. */
import type { ConnectionRow, TaskRow } from '../control/control-store.ts'
import { canonicalJson, type JsonMap } from './canonical.ts'
import { emptyMap, type Entry, type LocatedMap } from './located.ts'
import type { DefinitionProblem, RowPlace } from './problem.ts'
import { readJson } from './read-json.ts'

/** What YAML says about a connection. */
export type DeclaredConnection = Omit<ConnectionRow, 'deployed'>

/** What YAML says about a module. `active` null: nothing. */
export interface DeclaredModule {
  readonly id: string
  readonly description: string | null
  /** JSON or null */
  readonly schedule: string | null
  readonly active: boolean | null
}

/** What YAML says about a task, defaults merged in. `active` null: nothing. */
export interface DeclaredTask extends TaskConfigs {
  readonly module: string
  readonly id: string
  readonly executionOrder: number
  readonly type: string
  readonly active: boolean | null
}

export type TaskConfigs = Pick<TaskRow, 'sourceConfig' | 'targetConfig' | 'transformationConfig'>

/** The definitions of a project's YAML. */
export interface DefinitionRows {
  readonly connections: readonly DeclaredConnection[]
  readonly modules: readonly DeclaredModule[]
  readonly tasks: readonly DeclaredTask[]
}

export const FLOW_TYPE = 'flow'

/** `source` and `target` have columns of their own, everything else of a flow is its transformation. */
export function configsOfFlow(flow: JsonMap): TaskConfigs {
  const { source, target, ...rest } = flow
  return {
    sourceConfig: source === undefined ? null : canonicalJson(source),
    targetConfig: target === undefined ? null : canonicalJson(target),
    transformationConfig: canonicalJson(rest),
  }
}

export const configsOfType = (config: JsonMap | null): TaskConfigs => ({
  sourceConfig: null,
  targetConfig: null,
  transformationConfig: config === null ? null : canonicalJson(config),
})

export interface LocatedRow {
  readonly root: LocatedMap
  readonly problems: readonly DefinitionProblem[]
}

/** The flow of a task row as people write it, each part standing where its column does. */
export function locateFlow(row: TaskConfigs & Pick<TaskRow, 'module' | 'id'>): LocatedRow {
  const task = `${row.module}.${row.id}`
  const place = (field: string): RowPlace => ({ table: 'task', key: task, field })
  const transformation = readJson(row.transformationConfig, place('transformation_config'), task)
  const entries = new Map<string, Entry>()
  const problems = [...transformation.problems]
  for (const [key, field, text] of [
    ['source', 'source_config', row.sourceConfig],
    ['target', 'target_config', row.targetConfig],
  ] as const) {
    if (text === null) continue
    const read = readJson(text, place(field), task)
    problems.push(...read.problems)
    entries.set(key, { key: place(field), value: read.root })
  }
  if (transformation.root.kind === 'map') {
    for (const [key, entry] of transformation.root.entries) {
      if (key !== 'source' && key !== 'target') entries.set(key, entry)
      else
        problems.push({
          code: 'TM1012',
          message: `"${key}"`,
          hint: `it belongs into ${key}_config`,
          place: entry.key,
          task,
        })
    }
  }
  return { root: { ...emptyMap(place('transformation_config')), entries }, problems }
}
