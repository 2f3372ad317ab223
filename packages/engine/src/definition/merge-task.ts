/** Three-way merge of one task: what the last deploy wrote, what the YAML says now, what the table holds. */
import type { CatalogChange, TaskRow } from '../control/control-store.ts'
import { isJsonMap, type Json, type JsonMap, KINDED } from './canonical.ts'
import { type TaskContent, taskDocument } from './fields.ts'
import { mergeActivity } from './merge-activity.ts'
import { differIn, mergeFields } from './merge-fields.ts'
import { parseStoredJson } from './read-json.ts'
import { addedRow, mergedRow, type RowMerge } from './row-merge.ts'
import { configsOfFlow, configsOfType, type DeclaredTask, FLOW_TYPE } from './rows.ts'

type TaskWrite = CatalogChange['tasks'][number]

/** `row` null: not in the tables yet. */
export function mergeTask(declared: DeclaredTask, row: TaskRow | null, overwrite: boolean): RowMerge<TaskWrite> {
  const { module, id } = declared
  const subject = `task ${module}.${id}`
  if (row === null) {
    const isActive = declared.active ?? true
    const deployed = deployedText(declared, isActive)
    return addedRow(subject, { module, id, ...pickContent(declared), isActive, version: null, deployed })
  }
  const base = row.deployed === null ? null : readDeployed(row.deployed)
  const versions = { yaml: taskDocument(declared), table: taskDocument(row), base: base?.document ?? null }
  // the fields of a type, and the keys below a kind, have no meaning under another
  const indivisible = differIn(versions, (document) => document['type'])
  const whole = new Set(KINDED.filter((key) => differIn(versions, (document) => kindOf(document[key]))))
  const fields = mergeFields(versions, { indivisible, whole, context: 'config' }, overwrite)
  const activity = mergeActivity(declared.active, row.isActive, base?.isActive ?? null, overwrite)
  const merged = fields.document !== null && fields.kept.length > 0 ? contentOf(fields.document) : declared
  const write = {
    module,
    id,
    ...pickContent(fields.document === null ? row : merged),
    isActive: activity.write ?? row.isActive,
    version: row.version,
    deployed: deployedText(declared, activity.write ?? base?.isActive ?? null),
  }
  return mergedRow(subject, write, fields, activity)
}

const kindOf = (value: Json | undefined): Json | undefined => (isJsonMap(value) ? value['kind'] : value)

function contentOf({ order, type, config, ...flow }: JsonMap): TaskContent {
  const configs = type === FLOW_TYPE ? configsOfFlow(flow) : configsOfType(isJsonMap(config) ? config : null)
  return { executionOrder: Number(order), type: textOf(type), ...configs }
}

const textOf = (value: Json | undefined): string => (typeof value === 'string' ? value : '')

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
