import type { DefinitionDifference } from '../../app/app.ts'
import { counted } from './numbers.ts'
import type { Style } from './style.ts'
import { oneLine } from './width.ts'

const SHORT = { added: '+', changed: '~', absent: '-' } as const

/** One line for each thing that differs, and one for each of its fields. */
export function differencesText(differences: readonly DefinitionDifference[], style: Style): string {
  return differences
    .map(({ subject, kind, fields }) => {
      const paint = kind === 'added' ? style.good : kind === 'changed' ? style.warn : style.dim
      const said = kind === 'absent' ? 'no longer in the YAML; deploy never deletes it' : kind
      const lines = fields.map(({ path, from, to }) => `    ${path}   ${oneLine(from ?? '–')} → ${oneLine(to ?? '–')}`)
      return [`${paint(SHORT[kind])} ${oneLine(subject)}   ${said}`, ...lines].map((line) => `${line}\n`).join('')
    })
    .join('')
}

/** `task orders.orders (capture.buffer), task orders.x (added)`: in a sentence. */
export const differencesInline = (differences: readonly DefinitionDifference[]): string =>
  differences
    .map(
      ({ subject, kind, fields }) =>
        `${oneLine(subject)} (${kind === 'changed' ? fields.map((f) => f.path).join(', ') : kind})`,
    )
    .join(', ')

/** `2 connections, module orders, 2 tasks`: what a deploy wrote. */
export function writtenText(written: readonly DefinitionDifference[]): string {
  const bySort = Map.groupBy(written, ({ subject }) => subject.slice(0, Math.max(0, subject.indexOf(' '))) || subject)
  return [...bySort]
    .map(([sort, of]) => (of.length === 1 ? oneLine(of[0]?.subject ?? sort) : counted(of.length, sort)))
    .join(', ')
}

export const isAbsent = ({ kind }: DefinitionDifference): boolean => kind === 'absent'

/** Said in a line each: what a person edited in the tables stays, and so does what the YAML no longer has. */
export function keptText(kept: readonly DefinitionDifference[]): string {
  const edited = kept.filter((difference) => !isAbsent(difference))
  const absent = kept.filter(isAbsent)
  return [
    ...(edited.length === 0
      ? []
      : [
          `Edited by hand in the control tables, and kept: ${differencesInline(edited)}. tidemark deploy --overwrite takes the YAML instead.`,
        ]),
    ...(absent.length === 0
      ? []
      : [
          `No longer in the YAML, and kept: ${absent.map(({ subject }) => oneLine(subject)).join(', ')}. A deploy deletes nothing: is_active = 0 in the table task switches it off.`,
        ]),
  ]
    .map((line) => `${line}\n`)
    .join('')
}
