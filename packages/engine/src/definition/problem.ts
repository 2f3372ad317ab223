/** What is wrong with a definition, and where: shown with the line of the file, or with the row of the control tables. */
import { ERRORS, type ErrorCode } from '@tidemark/contract/error-codes'
import { AppError, type Facts } from '../runtime/app-error.ts'
import { type YamlSource, frameOf } from './yaml-source.ts'

/** Lines and columns count from 1. */
export interface FilePlace {
  readonly source: YamlSource
  readonly line: number
  readonly column: number
  readonly length: number
}
export interface RowPlace {
  readonly table: 'connection' | 'module' | 'task'
  readonly key: string
  /** column, and the dotted path inside its JSON */
  readonly field: string
}
export type Place = FilePlace | RowPlace

export interface DefinitionProblem {
  readonly code: ErrorCode
  /** without the code's title */
  readonly message: string
  readonly hint: string | null
  readonly place: Place
  /** the task it belongs to, `module.task`; null: the whole module or project */
  readonly task: string | null
}

const SHOWN = 10

export const inFile = (place: Place): place is FilePlace => 'source' in place

/** By place, each once: a fault in `defaults` is met again in every flow. */
export function sortProblems(problems: readonly DefinitionProblem[]): readonly DefinitionProblem[] {
  const byKey = new Map(problems.map((p) => [JSON.stringify([...placeKey(p.place), p.code, p.message]), p]))
  return [...byKey.values()].sort((a, b) => compareKeys(placeKey(a.place), placeKey(b.place)))
}

const placeKey = (place: Place): readonly (string | number)[] =>
  inFile(place) ? [place.source.file, place.line, place.column] : [place.table, place.key, place.field]

function compareKeys(a: readonly (string | number)[], b: readonly (string | number)[]): number {
  for (const [i, x] of a.entries()) {
    const y = b[i]
    if (y !== undefined && x !== y) return x < y ? -1 : 1
  }
  return 0
}

/** All problems as one error: the code of the first, the frames of the first ten. */
export function problemsError(problems: readonly DefinitionProblem[]): AppError {
  const sorted = sortProblems(problems)
  const [first, ...others] = sorted
  if (first === undefined) throw new TypeError('no problem to throw')
  const more = others.slice(0, SHOWN - 1).map((p) => `${p.code} ${ERRORS[p.code].title}: ${describe(p)}`)
  const left = sorted.length - 1 - more.length
  const detail = [describe(first), ...more, ...(left > 0 ? [`and ${left} more`] : [])].join('\n')
  return new AppError(first.code, detail, { facts: { problems: sorted.length, ...factsOf(first.place) } })
}

export function throwIfAny(problems: readonly DefinitionProblem[]): void {
  if (problems.length > 0) throw problemsError(problems)
}

/** `"saftey_buffer" in modules/orders.yaml:17:9   did you mean "buffer"?` and the lines around it. */
function describe({ message, hint, place }: DefinitionProblem): string {
  const where = inFile(place)
    ? `${place.source.file}:${place.line}:${place.column}`
    : `the control tables: ${place.table} ${place.key}, ${place.field}`
  // a name reads on, a sentence takes a comma
  const head = `${message}${/^"[^"]*"$/.test(message) ? '' : ','} in ${where}${hint === null ? '' : `   ${hint}`}`
  return inFile(place) ? [head, ...frameOf(place)].join('\n') : head
}

const factsOf = (place: Place): Facts =>
  inFile(place)
    ? { file: place.source.file, line: place.line, column: place.column }
    : { table: place.table, key: place.key, field: place.field }
