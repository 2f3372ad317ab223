/** What a run remembers of a source for the runs after it, in the ledger: numbers that wait for transactions to end. */

export interface NumberLook {
  /** all numbers up to it are in; null: none is known */
  readonly safe: string | null
  /** the greatest number that was seen, and when, in UTC: safe once every transaction that was open then has ended */
  readonly pending: { readonly value: string; readonly at: string } | null
}

export const NO_LOOK: NumberLook = { safe: null, pending: null }

export const lookText = (number: NumberLook): string => JSON.stringify({ sqlserver: number })

/** None was left, or it is no look of this dialect: the flow had another source then. */
export function lookOf(text: string | null): NumberLook {
  if (text === null || !text.startsWith('{')) return NO_LOOK
  const { sqlserver } = JSON.parse(text) as { sqlserver?: Partial<NumberLook> }
  return sqlserver === undefined ? NO_LOOK : { safe: sqlserver.safe ?? null, pending: sqlserver.pending ?? null }
}
