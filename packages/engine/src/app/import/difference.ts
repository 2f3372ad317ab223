/** What is different, told of one flow or name; those that are alike are told together in the end. Pure. */
import type { ImportDifference } from '@tidemark/contract/operate-documents'

export interface Difference extends Omit<ImportDifference, 'subjects'> {
  readonly subject: string
}

/** In the order in which each is met first. */
export function together(differences: readonly Difference[]): readonly ImportDifference[] {
  const alike = Map.groupBy(differences, ({ kind, was, now }) => JSON.stringify([kind, was, now]))
  return [...alike.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return []
    const { subject, ...rest } = first
    return [{ ...rest, subjects: [...new Set([subject, ...others.map((d) => d.subject)])] }]
  })
}
