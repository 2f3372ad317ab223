/** The candidate that was most likely meant, or null when none is near. */
export function didYouMean(word: string, candidates: readonly string[]): string | null {
  const given = word.toLowerCase()
  const limit = Math.max(1, Math.floor(given.length / 3))
  let best: { readonly candidate: string; readonly distance: number } | null = null
  for (const candidate of candidates) {
    const known = candidate.toLowerCase()
    const distance = sharesPart(given, known) ? Math.min(limit, editDistance(given, known)) : editDistance(given, known)
    if (distance <= limit && (best === null || distance < best.distance)) best = { candidate, distance }
  }
  return best?.candidate ?? null
}

/** `safety_buffer` and `buffer`: one is a whole word of the other. */
const sharesPart = (a: string, b: string): boolean => a.split(/[_-]/).includes(b) || b.split(/[_-]/).includes(a)

/** Insertions, deletions, replacements and swaps of neighbours. */
function editDistance(a: string, b: string): number {
  let [before, last, row]: number[][] = [[], [], Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    ;[before, last, row] = [last ?? [], row ?? [], [i]]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      let cost = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1))
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) cost = Math.min(cost, at(before, j - 2) + 1)
      row[j] = cost
    }
  }
  return at(row ?? [], b.length)
}

const at = (row: readonly number[], index: number): number => row[index] ?? Number.POSITIVE_INFINITY
