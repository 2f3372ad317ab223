/** Which unit of the office a file belongs to, and the key that follows from where it was born. */
import type { TreeEntry } from './read-tree.ts'

export const UNITS = ['north', 'south', 'west'] as const

/** SQL of the key of the row that was born at that locator. */
export const streamId = (locator: string): string => `CAST(md5(${locator}) AS UUID)`

/** The owning unit of a row: all below one entry of the first level that branches belong together. */
export function unitsOf(entries: readonly TreeEntry[]): (locator: string) => string {
  const split = entries.map((e) => e.locator.split('/'))
  for (let level = 0; ; level++) {
    const names = [
      ...new Set(split.filter((parts) => parts.length > level).map((parts) => parts[level] ?? '')),
    ].toSorted()
    if (names.length === 1) continue
    const unit = new Map(names.map((name, i) => [name, UNITS[i % UNITS.length] ?? UNITS[0]]))
    return (locator) => unit.get(locator.split('/')[level] ?? '') ?? UNITS[0]
  }
}
