/** Definitions field by field: what differences are told in, and what a deploy merges. */
import { stringify } from 'yaml'
import { isJsonMap, isOneValue, type Json, type JsonMap, KINDED } from './canonical.ts'
import { parseStoredJson } from './read-json.ts'
import { FLOW_TYPE, type TaskConfigs } from './rows.ts'
import { secretIn, type SecretContext } from './secrets.ts'

/** Path as JSON → value. Lists are values; an empty mapping says nothing. */
export type Fields = ReadonlyMap<string, Json>
export type Path = readonly string[]

export const pathKey = (path: Path): string => JSON.stringify(path)
export const pathOf = (key: string): Path => JSON.parse(key) as Path

/** `columns.rename."odd.name"` */
export const dotted = (path: Path): string =>
  path.map((step) => (/^[\w-]+$/.test(step) ? step : JSON.stringify(step))).join('.')

export interface TaskContent extends TaskConfigs {
  readonly executionOrder: number
  readonly type: string
}

/** A task with the names of the YAML: `{ order, type, source, target, key, … }`, or `{ order, type, config }`. */
export function taskDocument({
  executionOrder,
  type,
  sourceConfig,
  targetConfig,
  transformationConfig,
}: TaskContent): JsonMap {
  const about = { order: executionOrder, type }
  const rest = parsed(transformationConfig)
  if (type !== FLOW_TYPE) return { ...about, config: rest }
  const flow = { source: parsed(sourceConfig), target: parsed(targetConfig), ...rest }
  return { ...about, ...Object.fromEntries(Object.entries(flow).map(([key, value]) => [key, withKind(key, value)])) }
}

const parsed = (text: string | null): JsonMap => (text === null ? {} : (parseStoredJson(text) as JsonMap))
const withKind = (key: string, value: Json): Json =>
  KINDED.includes(key) && typeof value === 'string' ? { kind: value } : value

/** `whole`: keys of the document that are told as one field. */
export function fieldsOf(document: JsonMap, whole: ReadonlySet<string> = new Set()): Fields {
  const fields = new Map<string, Json>()
  const walk = (value: Json, path: Path): void => {
    if (!isJsonMap(value) || isOneValue(path) || (path.length === 1 && whole.has(path[0] ?? '')))
      fields.set(pathKey(path), value)
    else for (const [key, child] of Object.entries(value)) walk(child, [...path, key])
  }
  walk(document, [])
  return fields
}

/** `5` and `"5"` mean the same: a value in a definition is its text. */
export function sameValue(a: Json | undefined, b: Json | undefined): boolean {
  if (a === undefined || b === undefined || a === null || b === null) return a === b
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, i) => sameValue(item as Json, b[i] as Json))
  if (isJsonMap(a) && isJsonMap(b)) {
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => sameValue(a[key], b[key]))
  }
  return typeof a !== 'object' && typeof b !== 'object' && String(a) === String(b)
}

/** A copy of `document` with one field set, or taken out. */
export function withField(document: JsonMap, [step, ...rest]: Path, value: Json | undefined): JsonMap {
  if (step === undefined) return document
  const { [step]: child, ...others } = document
  if (rest.length > 0) return { ...document, [step]: withField(isJsonMap(child) ? child : {}, rest, value) }
  return value === undefined ? others : { ...document, [step]: value }
}

const HIDDEN = '(not shown: a secret)'

/** As YAML in one line; a literal secret is never repeated. Null: the field is not there. */
export function fieldText(path: Path, value: Json | undefined, context: SecretContext): string | null {
  if (value === undefined) return null
  const shown = withoutSecrets(path, value, context)
  if (shown === HIDDEN) return HIDDEN
  return stringify(shown, { collectionStyle: 'flow', lineWidth: 0 }).trimEnd()
}

/** `path`: of keys, the last is the one that `value` stands under. */
function withoutSecrets(path: Path, value: Json, context: SecretContext): Json {
  if (Array.isArray(value)) return value.map((item: Json) => withoutSecrets(path, item, context))
  if (isJsonMap(value)) {
    return Object.fromEntries(
      Object.entries(value).map(([key, child]) => [key, withoutSecrets([...path, key], child, context)]),
    )
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return secretIn(path, text, context) === null ? value : HIDDEN
}
