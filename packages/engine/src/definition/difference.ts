/**
 * YAML, control tables and last deploy compared, field by field. What only the YAML changed since the last deploy is
 * to be deployed; what a person changed in the tables stays and is said. Pure.
 */
import type { CatalogChange, CatalogRows, TaskRow } from '../control/control-store.ts'
import { mergeConnection } from './merge-connection.ts'
import type { FieldChange } from './merge-fields.ts'
import { mergeModule } from './merge-module.ts'
import { mergeTask } from './merge-task.ts'
import type { RowMerge } from './row-merge.ts'
import type { DefinitionRows } from './rows.ts'

export interface DefinitionDifference {
  /** `connection x`, `module x`, `task x.y` */
  readonly subject: string
  /** `added`: not in the tables yet; `changed`; `absent`: in the tables, no longer in the YAML (never deleted) */
  readonly kind: 'added' | 'changed' | 'absent'
  /** dotted path with the old and new value as YAML in one line; empty for added and absent */
  readonly fields: readonly FieldChange[]
}

export interface Definitions {
  /** what a deploy would write */
  readonly undeployed: readonly DefinitionDifference[]
  /** from what the YAML says to what the tables say: said, never undone */
  readonly editedByHand: readonly DefinitionDifference[]
}

export interface DeployChange {
  readonly change: CatalogChange
  readonly written: readonly DefinitionDifference[]
  /** fields that a person edited, and what the YAML no longer has */
  readonly kept: readonly DefinitionDifference[]
}

export interface DeployOptions {
  /** also take fields that a person edited by hand; what a person switched off stays off all the same */
  readonly overwrite: boolean
  /** whether `yaml` is the whole project, so that what is missing in it is absent */
  readonly complete: boolean
}

export function compareDefinitions(yaml: DefinitionRows, tables: CatalogRows, complete: boolean): Definitions {
  const { written, kept } = deployChange(yaml, tables, { overwrite: false, complete })
  return { undeployed: written, editedByHand: kept }
}

/** What to write. Nothing is deleted, and a row is written only where it differs. */
export function deployChange(yaml: DefinitionRows, tables: CatalogRows, options: DeployOptions): DeployChange {
  const { overwrite } = options
  const connections = yaml.connections.map((declared) =>
    mergeConnection(declared, tables.connections.find(({ id }) => id === declared.id) ?? null, overwrite),
  )
  const modules = yaml.modules.map((declared) =>
    mergeModule(declared, tables.modules.find(({ id }) => id === declared.id) ?? null, overwrite),
  )
  const tasks = yaml.tasks.map((declared) => {
    const row = tables.tasks.find(({ module, id }) => module === declared.module && id === declared.id)
    return mergeTask(declared, row ?? null, overwrite)
  })
  const merges = [...connections, ...modules, ...tasks]
  return {
    change: { connections: writes(connections), modules: writes(modules), tasks: writes(tasks) },
    written: merges.flatMap(writtenOf),
    kept: [...merges.flatMap(keptOf), ...absent(yaml, tables.tasks, options.complete)],
  }
}

const writes = <Write>(merges: readonly RowMerge<Write>[]): readonly Write[] =>
  merges.flatMap(({ write }) => (write === null ? [] : [write]))

const writtenOf = ({ subject, added, written }: RowMerge<unknown>): readonly DefinitionDifference[] => {
  if (added) return [{ subject, kind: 'added', fields: [] }]
  return written.length === 0 ? [] : [{ subject, kind: 'changed', fields: written }]
}

const keptOf = ({ subject, kept }: RowMerge<unknown>): readonly DefinitionDifference[] =>
  kept.length === 0 ? [] : [{ subject, kind: 'changed', fields: kept }]

/** Still running, though the YAML that deployed it has it no longer. Rows made by hand were never in the YAML. */
function absent(yaml: DefinitionRows, tasks: readonly TaskRow[], complete: boolean): readonly DefinitionDifference[] {
  const declared = new Set(yaml.tasks.map((t) => `${t.module}.${t.id}`))
  const modules = new Set(yaml.modules.map((m) => m.id))
  return tasks
    .filter((t) => t.isActive && t.deployed !== null && !declared.has(`${t.module}.${t.id}`))
    .filter((t) => complete || modules.has(t.module))
    .map((t) => ({ subject: `task ${t.module}.${t.id}`, kind: 'absent', fields: [] }))
}

/** The tables as a deploy would leave them: to be resolved before anything is written. */
export function rowsAfter(rows: CatalogRows, change: CatalogChange): CatalogRows {
  const replaced = <R>(old: readonly R[], written: readonly R[], key: (row: R) => string): readonly R[] => {
    const byKey = new Map(old.map((row) => [key(row), row]))
    for (const row of written) byKey.set(key(row), row)
    return [...byKey.values()]
  }
  const tasks = change.tasks.map(
    (task): TaskRow => ({ ...task, version: (task.version ?? 0) + 1, updatedAt: '', updatedBy: '' }),
  )
  return {
    connections: replaced(rows.connections, change.connections, (r) => r.id),
    modules: replaced(rows.modules, change.modules, (r) => r.id),
    tasks: replaced(rows.tasks, tasks, (r) => `${r.module}.${r.id}`),
  }
}
