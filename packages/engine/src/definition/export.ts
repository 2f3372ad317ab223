/** The control tables as YAML, one file a module: deploying it again changes nothing. Connections stay in tidemark.yaml. */
import { Document, isCollection, isMap, isPair, isScalar, isSeq, type Node, visit } from 'yaml'
import type { CatalogRows, ModuleRow, TaskRow } from '../control/control-store.ts'
import { canonical, isJsonMap, type Json, type JsonMap, KINDED } from './canonical.ts'
import { taskDocument } from './fields.ts'
import { MODULES_DIR } from './load-project.ts'
import { parseStoredJson } from './read-json.ts'
import { FLOW_TYPE } from './rows.ts'

/** Collections of plain values up to this width stand in one line. */
const MAX_LINE = 90

/** Path relative to the project → text. `files`: where the project keeps a module already. */
export function exportYaml(
  rows: CatalogRows,
  files: ReadonlyMap<string, string> = new Map(),
): ReadonlyMap<string, string> {
  const tasks = Map.groupBy(rows.tasks, (t) => t.module)
  return new Map(
    rows.modules.map((module) => {
      const path = files.get(module.id) ?? `${MODULES_DIR}/${module.id}.yaml`
      return [path, moduleText(moduleDocument(module, tasks.get(module.id) ?? []))]
    }),
  )
}

const moduleDocument = (module: ModuleRow, tasks: readonly TaskRow[]): JsonMap => ({
  module: module.id,
  ...(module.description === null ? {} : { description: module.description }),
  ...(module.schedule === null ? {} : { schedule: parseStoredJson(module.schedule) }),
  ...(module.isActive ? {} : { active: false }),
  tasks: tasks.map(taskYaml),
})

function taskYaml(row: TaskRow): JsonMap {
  const { order = 1, type = FLOW_TYPE, config = {}, ...flow } = taskDocument(row)
  const about = { id: row.id, order, ...(row.isActive ? {} : { active: false }) }
  if (type === FLOW_TYPE) return { ...about, flow: canonical(shortKinds(flow)) }
  return {
    ...about,
    type,
    ...(isJsonMap(config) && Object.keys(config).length > 0 ? { config: canonical(config) } : {}),
  }
}

/** `{ kind: latest }` as `latest`. */
const shortKinds = (flow: JsonMap): JsonMap =>
  Object.fromEntries(Object.entries(flow).map(([key, value]) => [key, KINDED.includes(key) ? shortKind(value) : value]))

function shortKind(value: Json): Json {
  const kind = isJsonMap(value) && Object.keys(value).length === 1 ? value['kind'] : undefined
  return typeof kind === 'string' ? kind : value
}

/** A module as people write it: pages as blocks, small values in one line. */
export function moduleText(data: JsonMap): string {
  const document = new Document(data)
  visit(document, {
    Collection: (_, node, path) => {
      // the module and its list of tasks are pages, not lines
      if (
        path.length > 2 &&
        !isPage(path.at(-1)) &&
        isPlain(node) &&
        String(new Document(node.toJSON()).toString({ collectionStyle: 'flow', lineWidth: 0 })).length <= MAX_LINE
      ) {
        node.flow = true
      }
    },
    Pair: (_, pair) => {
      // a key that a reader would take for a merge
      if (isScalar(pair.key) && pair.key.value === '<<') pair.key.type = 'QUOTE_DOUBLE'
    },
  })
  return document.toString({ lineWidth: 0 })
}

const isPage = (parent: unknown): boolean => isPair(parent) && isScalar(parent.key) && parent.key.value === 'flow'

/** Only values, or lists of values: no mapping inside. */
function isPlain(node: Node): boolean {
  if (isMap(node))
    return (
      node.items.length > 0 &&
      node.items.every((pair) => isScalar(pair.value) || (isSeq(pair.value) && isPlain(pair.value)))
    )
  return isSeq(node) && node.items.every((item) => !isCollection(item))
}
