/** Three-way merge of one task: what the last deploy wrote, what the YAML says now, what the table holds. */
import type { CatalogChange, TaskRow } from '../control/control-store.ts'
import { canonicalJson, isJsonMap, type Json, type JsonMap } from './canonical.ts'
import { dotted, fieldsOf, fieldText, KINDED, type Path, pathOf, sameValue, taskDocument, withField } from './fields.ts'
import { parseStoredJson } from './read-json.ts'
import { configsOfFlow, configsOfType, type DeclaredTask, FLOW_TYPE, type TaskConfigs } from './rows.ts'

export interface FieldChange {
  readonly path: string
  readonly from: string | null
  readonly to: string | null
}

type TaskWrite = CatalogChange['tasks'][number]

export interface TaskMerge {
  readonly subject: string
  readonly added: boolean
  /** null: the row stays as it is */
  readonly write: TaskWrite | null
  readonly written: readonly FieldChange[]
  readonly kept: readonly FieldChange[]
}

/** `row` null: not in the tables yet. */
export function mergeTask(declared: DeclaredTask, row: TaskRow | null, overwrite: boolean): TaskMerge {
  const { module, id } = declared
  const subject = `task ${module}.${id}`
  if (row === null) {
    const isActive = declared.active ?? true
    const deployed = deployedText(declared, isActive)
    const write = { module, id, ...pickContent(declared), isActive, version: null, deployed }
    return { subject, added: true, write, written: [], kept: [] }
  }
  const base = row.deployed === null ? null : readDeployed(row.deployed)
  const [yaml, table] = [taskDocument(declared), taskDocument(row)]
  const differing = differingFields(yaml, table, base?.document ?? null)
  const written = differing.filter((f) => overwrite || !f.byHand)
  const kept = differing.filter((f) => !overwrite && f.byHand)
  const activity = mergeActivity(declared.active, row.isActive, base?.isActive ?? null, overwrite)

  const isActive = activity.write ?? row.isActive
  const deployed = deployedText(declared, activity.write ?? base?.isActive ?? null)
  // a record that lags behind would take the next change of the YAML for an edit by hand
  const stale = base === null || canonicalJson(taskDocument(declared)) !== canonicalJson(base.document)
  const content = kept.length === 0 ? declared : withKept(yaml, kept)
  const write = {
    module,
    id,
    ...pickContent(written.length > 0 ? content : row),
    isActive,
    version: row.version,
    deployed,
  }
  const nothing = written.length === 0 && activity.write === null && !stale
  return {
    subject,
    added: false,
    write: nothing ? null : write,
    written: [...written.map((f) => change(f.path, f.table, f.yaml)), ...activity.written],
    kept: [...kept.map((f) => change(f.path, f.yaml, f.table)), ...activity.kept],
  }
}

// ── fields

interface DifferingField {
  readonly path: Path
  readonly yaml: Json | undefined
  readonly table: Json | undefined
  /** the table no longer holds what the last deploy wrote */
  readonly byHand: boolean
}

function differingFields(yaml: JsonMap, table: JsonMap, base: JsonMap | null): readonly DifferingField[] {
  const documents = base === null ? [yaml, table] : [yaml, table, base]
  // the keys below a kind, and the fields of a type, have no meaning under another
  const whole = new Set(KINDED.filter((key) => new Set(documents.map((d) => kindOf(d[key]))).size > 1))
  if (new Set(documents.map((d) => d['type'])).size > 1) return wholeTask(yaml, table, base)
  const [ofYaml, ofTable, ofBase] = [fieldsOf(yaml, whole), fieldsOf(table, whole), base && fieldsOf(base, whole)]
  return [...new Set([...ofYaml.keys(), ...ofTable.keys()])].flatMap((key) => {
    const [mine, theirs] = [ofYaml.get(key), ofTable.get(key)]
    if (sameValue(mine, theirs)) return []
    return [
      { path: pathOf(key), yaml: mine, table: theirs, byHand: ofBase === null || !sameValue(theirs, ofBase.get(key)) },
    ]
  })
}

/** Another type is another task: all of it is taken, or all of it is kept. */
function wholeTask(yaml: JsonMap, table: JsonMap, base: JsonMap | null): readonly DifferingField[] {
  const byHand = base === null || !sameValue(table, base)
  return [...new Set([...Object.keys(yaml), ...Object.keys(table)])]
    .filter((key) => !sameValue(yaml[key], table[key]))
    .map((key) => ({ path: [key], yaml: yaml[key], table: table[key], byHand }))
}

const kindOf = (value: Json | undefined): Json | undefined => (isJsonMap(value) ? value['kind'] : value)
const change = (path: Path, from: Json | undefined, to: Json | undefined): FieldChange => ({
  path: dotted(path),
  from: fieldText(path, from, 'config'),
  to: fieldText(path, to, 'config'),
})

/** The YAML with the fields that a person edited. Fields are taken out before others are put in, which may lie below. */
function withKept(yaml: JsonMap, kept: readonly DifferingField[]): TaskContent {
  const gone = kept.filter((f) => f.table === undefined)
  const there = kept.filter((f) => f.table !== undefined)
  let document = yaml
  for (const { path, table } of [...gone, ...there]) document = withField(document, path, table)
  const { order, type, config, ...flow } = document
  const configs = type === FLOW_TYPE ? configsOfFlow(flow) : configsOfType(isJsonMap(config) ? config : null)
  return { executionOrder: Number(order), type: textOf(type), ...configs }
}

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

// ── what the last deploy wrote

type TaskContent = TaskConfigs & Pick<TaskRow, 'executionOrder' | 'type'>

const pickContent = ({
  executionOrder,
  type,
  sourceConfig,
  targetConfig,
  transformationConfig,
}: TaskContent): TaskContent => ({
  executionOrder,
  type,
  sourceConfig,
  targetConfig,
  transformationConfig,
})

/** `isActive`: what a deploy last made of it; null: no deploy ever did. */
function deployedText(content: TaskContent, isActive: boolean | null): string {
  const json = (text: string | null): Json => (text === null ? null : (parseStoredJson(text) as Json))
  return JSON.stringify({
    execution_order: content.executionOrder,
    type: content.type,
    source_config: json(content.sourceConfig),
    target_config: json(content.targetConfig),
    transformation_config: json(content.transformationConfig),
    is_active: isActive,
  })
}

function readDeployed(text: string): { document: JsonMap; isActive: boolean | null } {
  const record = parseStoredJson(text) as JsonMap
  const json = (value: Json | undefined): string | null => (isJsonMap(value) ? JSON.stringify(value) : null)
  const document = taskDocument({
    executionOrder: Number(record['execution_order']),
    type: textOf(record['type']),
    sourceConfig: json(record['source_config']),
    targetConfig: json(record['target_config']),
    transformationConfig: json(record['transformation_config']),
  })
  const isActive = record['is_active']
  return { document, isActive: typeof isActive === 'boolean' ? isActive : null }
}

// ── on and off

interface Activity {
  /** null: leave it */
  readonly write: boolean | null
  readonly written: readonly FieldChange[]
  readonly kept: readonly FieldChange[]
}

/** Only a deploy's own `false` may become `true` again: what a person switched off stays off, also under `overwrite`. */
function mergeActivity(yaml: boolean | null, table: boolean, base: boolean | null, overwrite: boolean): Activity {
  if (yaml === null || yaml === table) return { write: null, written: [], kept: [] }
  const byHand = base !== table
  if (!byHand || (overwrite && !yaml)) return { write: yaml, written: [change(['active'], table, yaml)], kept: [] }
  return { write: null, written: [], kept: [change(['active'], yaml, table)] }
}
