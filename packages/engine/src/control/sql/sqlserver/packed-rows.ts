import { asParameter } from '../server/text-values.ts'

type Row = Readonly<Record<string, string | number | null>>

/**
 * Rows as two parameters, so that no text of theirs passes through JSON and its escapes: an array of objects that hold
 * numbers alone, and all texts in one. A text `name` is its place `name_at`, from 1 on, and its length `name_length`; both
 * null where it is.
 */
export function packed(rows: readonly Row[]): readonly [json: string, texts: string] {
  const texts: string[] = []
  let at = 1
  const place = (text: string | null): readonly [number | null, number | null] => {
    if (text === null) return [null, null]
    const kept = asParameter(text)
    const begins = at
    texts.push(kept)
    at += kept.length
    return [begins, kept.length]
  }
  const numbers = rows.map((row) => {
    const members = Object.entries(row).flatMap(([name, value]): [string, number | null][] => {
      if (typeof value === 'number') return [[name, value]]
      const [begins, length] = place(value)
      return [
        [`${name}_at`, begins],
        [`${name}_length`, length],
      ]
    })
    return Object.fromEntries(members)
  })
  return [JSON.stringify(numbers), texts.join('')]
}
