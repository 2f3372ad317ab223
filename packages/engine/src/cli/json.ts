/** One document, keys as they are; a count beyond 2^53 is text, because a JSON number would round it. */
export const jsonText = (document: unknown): string => `${JSON.stringify(document, exactNumber, 2)}\n`

const exactNumber = (_key: string, value: unknown): unknown => {
  if (typeof value !== 'bigint') return value
  return value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER)
    ? Number(value)
    : value.toString()
}
