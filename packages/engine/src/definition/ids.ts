/** Ids that differ only in case, or in - and _, become one name elsewhere: a job key, a file, a folded column. */
import { NAME_PATTERN } from '@tidemark/contract/ids'
import type { DefinitionProblem, Place } from './problem.ts'

export interface NamedPlace {
  readonly id: string
  readonly place: Place
  readonly task: string | null
}

export const foldId = (id: string): string => id.toLowerCase().replaceAll('-', '_')

/** `what`: connection, module, task. */
export function idProblems(what: string, ids: readonly NamedPlace[]): readonly DefinitionProblem[] {
  const seen = new Map<string, string>()
  return ids.flatMap(({ id, place, task }): DefinitionProblem[] => {
    if (!NAME_PATTERN.test(id)) {
      const message = `${what} id "${id}" must start with a letter and hold only letters, digits, - and _, at most 63`
      return [{ code: 'TM1011', message, hint: null, place, task }]
    }
    const other = seen.get(foldId(id))
    seen.set(foldId(id), id)
    if (other === undefined) return []
    const message = other === id ? `${what} "${id}"` : `${what} "${id}", which is too like "${other}"`
    return [{ code: 'TM1014', message, hint: null, place, task }]
  })
}
