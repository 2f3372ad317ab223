/** The JSON of a control row as located data. */
import { parseDocument } from 'yaml'
import { AppError } from '../runtime/app-error.ts'
import type { Json } from './canonical.ts'
import { type Located, type Scalar, emptyMap } from './located.ts'
import type { DefinitionProblem, RowPlace } from './problem.ts'

export interface ReadJson {
  readonly root: Located
  readonly problems: readonly DefinitionProblem[]
}

/** NULL reads as an empty mapping. */
export function readJson(text: string | null, place: RowPlace, task: string | null): ReadJson {
  if (text === null) return { root: emptyMap(place), problems: [] }
  const refuse = (message: string): ReadJson => ({
    root: emptyMap(place),
    problems: [{ code: 'TM1011', message, hint: null, place, task }],
  })
  let value: unknown
  try {
    value = parseExactJson(text)
  } catch (error) {
    if (error instanceof SyntaxError) return refuse('is not valid JSON')
    throw error
  }
  // JSON.parse takes the last of two equal keys in silence; JSON is YAML, and that reader says so
  const twice = parseDocument(text, { prettyErrors: false }).errors.find((e) => e.code === 'DUPLICATE_KEY')
  if (twice !== undefined) return refuse('has a key twice')
  const root = locate(value, place)
  return root === null ? refuse('has a key called __proto__') : { root, problems: [] }
}

/** JSON whose numbers are text where a double could not hold them as they were written. Throws a SyntaxError. */
const parseExactJson = (text: string): unknown =>
  JSON.parse(text, exactNumber as (key: string, value: unknown) => unknown) // the declared type lacks the source text

/** The JSON of a row; the stores themselves let nothing else in. */
export function parseStoredJson(text: string): Json {
  try {
    return parseExactJson(text) as Json
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new AppError('TM1011', 'a row of the control tables holds text that is not valid JSON', { cause: error })
  }
}

/** The text of a number that a double cannot hold as it was written. */
function exactNumber(_key: string, value: unknown, context: { readonly source?: string }): unknown {
  return typeof value === 'number' && context.source !== undefined && String(value) !== context.source
    ? context.source
    : value
}

function locate(value: unknown, place: RowPlace): Located | null {
  if (Array.isArray(value)) {
    const items = value.map((item, i) => locate(item, inside(place, `${i + 1}`)))
    return items.includes(null) ? null : { kind: 'list', items: items.filter((item) => item !== null), place }
  }
  if (typeof value !== 'object' || value === null) return { kind: 'scalar', value: value as Scalar, place }
  const entries = new Map<string, { key: RowPlace; value: Located }>()
  for (const [key, child] of Object.entries(value)) {
    const own = inside(place, key)
    const located = key === '__proto__' ? null : locate(child, own)
    if (located === null) return null
    entries.set(key, { key: own, value: located })
  }
  return { kind: 'map', entries, place }
}

const inside = (place: RowPlace, step: string): RowPlace => ({ ...place, field: `${place.field}.${step}` })
