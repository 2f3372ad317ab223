/** Where the definition of a task names a connection, or a database of it. Pure. */
import { parseTableName } from '@tidemark/contract/table-name'
import type { TaskRow } from '../../control/control-store.ts'
import { isJsonMap, type Json } from '../../definition/canonical.ts'
import { parseStoredJson } from '../../definition/read-json.ts'

export interface Retired {
  readonly connection: string
  /** null: whatever the database */
  readonly database: string | null
  /** the database that the connection itself leads to, of tables that are named without one; null: not known */
  readonly home: string | null
}

/** `source.table Gwent.dbo.Letters`; empty: the task has nothing to do with it. */
export function namedBy(task: TaskRow, retired: Retired): readonly string[] {
  const parts = [
    ['source', task.sourceConfig],
    ['target', task.targetConfig],
    ['', task.transformationConfig],
  ] as const
  const read = parts.flatMap(([name, text]) => (text === null ? [] : [[name, parseStoredJson(text)] as const]))
  // SQL of a step says nothing of connections: it runs on those of its flow
  const isOn = read.some(([, value]) => names(value, retired.connection))
  return read.flatMap(([name, value]) => [...find(value, name === '' ? [] : [name], retired, isOn && name === '')])
}

const names = (value: Json, connection: string): boolean =>
  isJsonMap(value) && (value['connection'] === connection || Object.values(value).some((v) => names(v, connection)))

/** `inside`: within something that is on the connection. */
function* find(value: Json, path: readonly string[], retired: Retired, inside: boolean): Generator<string> {
  if (Array.isArray(value)) {
    for (const item of value as readonly Json[]) yield* find(item, path, retired, inside)
    return
  }
  if (isJsonMap(value)) {
    const own = value['connection']
    const isIn = typeof own === 'string' ? own === retired.connection : inside
    if (own === retired.connection && retired.database === null) yield `${at(path, 'connection')} ${own}`
    for (const [key, child] of Object.entries(value)) yield* find(child, [...path, key], retired, isIn)
    return
  }
  if (typeof value !== 'string' || !inside || retired.database === null) return
  const key = path.at(-1) ?? ''
  if (key === 'table' && isOf(value, retired)) yield `${path.join('.')} ${value}`
  else if (SQL_KEYS.has(key) && mentions(value, retired.database))
    yield `${path.join('.')}: its SQL names ${retired.database}`
}

const at = (path: readonly string[], key: string): string => [...path, key].join('.')
const SQL_KEYS: ReadonlySet<string> = new Set(['sql', 'queue', 'batch'])

function isOf(table: string, { database, home }: Retired): boolean {
  const owner = databaseOf(table) ?? home
  return owner !== null && owner.toLowerCase() === database?.toLowerCase()
}

/** `database` of `database.schema.table`; null: the name has none. */
function databaseOf(table: string): string | null {
  try {
    return parseTableName(table).at(-3) ?? null
  } catch (error) {
    if (error instanceof TypeError) return null // no name at all: the flow has a fault of its own
    throw error
  }
}

/** `Gwent.dbo.Letters`, `[Gwent].dbo.Letters` or `"Gwent"..Letters` */
function mentions(sql: string, database: string): boolean {
  const name = database.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  return new RegExp(String.raw`(?<![\p{L}\p{N}_$#@.])(?:${name}|\[${name}\]|"${name}")\s*\.`, 'iu').test(sql)
}
