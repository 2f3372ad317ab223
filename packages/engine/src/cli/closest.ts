const FARTHEST = 2

/** The candidate that is a typing slip or two away from `text`, or null. */
export function closest<C extends string>(text: string, candidates: readonly C[]): C | null {
  let best: C | null = null
  let least = FARTHEST + 1
  for (const candidate of candidates) {
    const distance = editDistance(text, candidate)
    if (distance < least) [best, least] = [candidate, distance]
  }
  return best
}

/** Levenshtein, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (const [i, x] of Array.from(a).entries()) {
    const next = [i + 1]
    for (const [j, y] of Array.from(b).entries()) {
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (x === y ? 0 : 1)))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
