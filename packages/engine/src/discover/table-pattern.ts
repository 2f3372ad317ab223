import type { SurveyedTable } from '../dialects/survey.ts'

/** `*` any text, `?` one character, whatever the case. Matched is the whole name, with its schema or without. */
export function matching(tables: readonly SurveyedTable[], pattern: string): readonly SurveyedTable[] {
  const parts = pattern.split(/([*?])/).map((p) => (p === '*' ? '.*' : p === '?' ? '.' : RegExp.escape(p)))
  const regex = new RegExp(`^${parts.join('')}$`, 'isu')
  return tables.filter(({ table }) => regex.test(table.join('.')) || regex.test(table.at(-1) ?? ''))
}
