/** Which rows of a batch the target refuses, when it only says that it refused the batch. */
import type { BatchPart, RefusedRow } from '../dialects/row-policy.ts'

export type Refusal = Omit<RefusedRow, 'number'>

/** Tries these rows without the bad ones, and leaves nothing; null: they land. */
export type TryPart = (part: BatchPart, bad: readonly RefusedRow[]) => Promise<Refusal | null>

/**
 * Halves what fails until single rows are left. Two rows may land each by itself and not together: then the first end
 * with which the rows up to it fail is the bad one. `known` are left out from the beginning; `isEnough` is asked with each
 * new one, and throws when they are too many.
 */
export async function findBadRows(
  all: BatchPart,
  why: Refusal,
  known: readonly RefusedRow[],
  fails: TryPart,
  isEnough: (found: readonly RefusedRow[]) => boolean,
): Promise<readonly RefusedRow[]> {
  const bad = [...known]
  let ended = false
  const add = (number: bigint, refusal: Refusal): void => {
    bad.push({ number, ...refusal })
    ended = isEnough(bad)
  }
  const halve = async (part: BatchPart, refusal: Refusal): Promise<void> => {
    if (part.first === part.last) return add(part.first, refusal)
    const middle = (part.first + part.last) / 2n
    const before = bad.length
    for (const half of [
      { first: part.first, last: middle },
      { first: middle + 1n, last: part.last },
    ]) {
      if (ended) return
      const refused = await fails(half, bad)
      if (refused !== null) await halve(half, refused)
    }
    if (bad.length === before) await together(part, middle)
  }
  const together = async (part: BatchPart, middle: bigint): Promise<void> => {
    let refusal = await fails(part, bad)
    if (refusal === null) return
    let from = middle + 1n
    let to = part.last
    while (from < to) {
      const end = (from + to) / 2n
      const refused = await fails({ first: part.first, last: end }, bad)
      if (refused === null) from = end + 1n
      else {
        to = end
        refusal = refused
      }
    }
    add(to, refusal)
  }
  await halve(all, why)
  return bad.slice(known.length)
}
