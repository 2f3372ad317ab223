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

/** Said once, in one line: a row that a person edited stays. */
export const editedByHandText = (edited: readonly DefinitionDifference[]): string =>
  `Edited by hand in the control tables, and kept: ${differencesInline(edited)}. tidemark deploy --overwrite takes the YAML instead.`
