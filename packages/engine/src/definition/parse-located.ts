/** Located data through a schema: the value, or problems with their places. */
import { type IssueParams, knownKeysOf } from '@tidemark/contract/schema-parts'
import type { z } from 'zod'
import { didYouMean } from '../runtime/did-you-mean.ts'
import { type Located, placeOf, toPlain } from './located.ts'
import type { DefinitionProblem } from './problem.ts'

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly DefinitionProblem[] }

export function parseLocated<T>(schema: z.ZodType<T>, located: Located, task: string | null): Parsed<T> {
  const result = schema.safeParse(toPlain(located), { reportInput: true })
  if (result.success) return { ok: true, value: result.data }
  return { ok: false, problems: result.error.issues.flatMap((issue) => problemsOf(issue, located, task)) }
}

function problemsOf(issue: z.core.$ZodIssue, located: Located, task: string | null): readonly DefinitionProblem[] {
  const at = { place: placeOf(located, issue.path), task }
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({
        code: 'TM1012',
        message: `"${key}"`,
        hint: hintFor(key, knownKeysOf(issue.message)),
        place: placeOf(located, [...issue.path, key], 'key'),
        task,
      }))
    case 'custom': {
      const { tm = 'TM1011', hint, given, candidates = [] } = (issue.params ?? {}) as IssueParams
      const message = tm === 'TM1011' ? withName(issue.path, issue.message) : issue.message
      return [{ code: tm, message, hint: hint ?? (given === undefined ? null : hintFor(given, candidates)), ...at }]
    }
    case 'invalid_key': {
      const place = placeOf(located, issue.path, 'key')
      return [
        {
          code: 'TM1011',
          message: withName(issue.path, issue.issues[0]?.message ?? 'is no name'),
          hint: null,
          ...at,
          place,
        },
      ]
    }
    case 'invalid_value': {
      const candidates = issue.values.map(String)
      const message = issue.input === undefined ? 'is missing' : `must be ${candidates.join(' or ')}`
      const hint = typeof issue.input === 'string' ? hintFor(issue.input, candidates) : null
      return [{ code: 'TM1011', message: withName(issue.path, message), hint, ...at }]
    }
    case 'invalid_type':
      return [
        { code: 'TM1011', message: withName(issue.path, wrongType(issue.expected, issue.input)), hint: null, ...at },
      ]
    default:
      return [{ code: 'TM1011', message: withName(issue.path, lowerFirst(issue.message)), hint: null, ...at }]
  }
}

/** `capture.buffer must be …`: the last two names are enough beside a place. */
const withName = (path: readonly PropertyKey[], message: string): string => {
  const names = path.filter((step) => typeof step === 'string').slice(-2)
  return names.length === 0 ? message : `${names.join('.')} ${message}`
}

function hintFor(given: string, candidates: readonly string[]): string | null {
  const near = didYouMean(given, candidates)
  return near === null || near === given ? null : `did you mean "${near}"?`
}

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list, such as [a, b]',
  object: 'a mapping',
  record: 'a mapping',
}

function wrongType(expected: string, input: unknown): string {
  if (input === undefined) return 'is missing'
  const wanted = EXPECTED[expected] ?? expected
  if (input === null) return `is empty: it must be ${wanted}`
  return `must be ${wanted}`
}

const lowerFirst = (text: string): string => text.slice(0, 1).toLowerCase() + text.slice(1)
