/**
 * YAML, control tables and last deploy compared, field by field. What only the YAML changed since the last deploy is
 * to be deployed; what a person changed in the tables stays and is said. Pure.
 */
import type { CatalogChange, CatalogRows, ConnectionRow, ModuleRow, TaskRow } from '../control/control-store.ts'
import type { Json, JsonMap } from './canonical.ts'
import { type FieldChange, type TaskMerge, mergeTask } from './merge-task.ts'
import { dotted, fieldsOf, fieldText, pathOf, sameValue } from './fields.ts'
import { parseStoredJson } from './read-json.ts'
import type { DeclaredModule, DefinitionRows } from './rows.ts'

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
  const connections = yaml.connections.flatMap((row) => compareConnection(row, tables.connections))
  const modules = yaml.modules.flatMap((module) => compareModule(module, tables.modules))
  const tasks = yaml.tasks.map((declared) => {
    const row = tables.tasks.find((t) => t.module === declared.module && t.id === declared.id)
    return mergeTask(declared, row ?? null, options.overwrite)
  })
  return {
    change: {
      connections: connections.map(({ row }) => row),
      modules: modules.map(({ row }) => row),
      tasks: tasks.flatMap(({ write }) => (write === null ? [] : [write])),
    },
    written: [...connections, ...modules].map(({ difference }) => difference).concat(tasks.flatMap(writtenOf)),
    kept: [...tasks.flatMap(keptOf), ...absent(yaml, tables.tasks, options.complete)],
  }
}

const writtenOf = ({ subject, added, written }: TaskMerge): readonly DefinitionDifference[] => {
  if (added) return [{ subject, kind: 'added', fields: [] }]
  return written.length === 0 ? [] : [{ subject, kind: 'changed', fields: written }]
}

const keptOf = ({ subject, kept }: TaskMerge): readonly DefinitionDifference[] =>
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

interface Change<Row> {
  readonly row: Row
  readonly difference: DefinitionDifference
}

/** Connections and modules keep no record of the last deploy: the YAML is shown against the table as it is. */
function compareConnection(row: ConnectionRow, present: readonly ConnectionRow[]): readonly Change<ConnectionRow>[] {
  const subject = `connection ${row.id}`
  const before = present.find(({ id }) => id === row.id)
  if (before === undefined) return [{ row, difference: { subject, kind: 'added', fields: [] } }]
  const document = ({ kind, options }: ConnectionRow): JsonMap => ({ kind, ...(parseStoredJson(options) as JsonMap) })
  return changed(subject, row, document(before), document(row))
}

function compareModule(module: DeclaredModule, present: readonly ModuleRow[]): readonly Change<ModuleRow>[] {
  const subject = `module ${module.id}`
  const before = present.find(({ id }) => id === module.id)
  const { id, description, schedule } = module
  // whether an existing module is on is the tables' affair
  const row: ModuleRow = { id, description, schedule, isActive: before?.isActive ?? module.active ?? true }
  if (before === undefined) return [{ row, difference: { subject, kind: 'added', fields: [] } }]
  const document = (of: Pick<ModuleRow, 'description' | 'schedule'>): JsonMap => ({
    ...(of.description === null ? {} : { description: of.description }),
    ...(of.schedule === null ? {} : { schedule: parseStoredJson(of.schedule) as Json }),
  })
  return changed(subject, row, document(before), document(row))
}

function changed<Row>(subject: string, row: Row, before: JsonMap, after: JsonMap): readonly Change<Row>[] {
  const [old, now] = [fieldsOf(before), fieldsOf(after)]
  const keys = [...new Set([...now.keys(), ...old.keys()])].filter((key) => !sameValue(old.get(key), now.get(key)))
  if (keys.length === 0) return []
  const fields = keys.map((key) => {
    const path = pathOf(key)
    return {
      path: dotted(path),
      from: fieldText(path, old.get(key), 'connection'),
      to: fieldText(path, now.get(key), 'connection'),
    }
  })
  return [{ row, difference: { subject, kind: 'changed', fields } }]
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
