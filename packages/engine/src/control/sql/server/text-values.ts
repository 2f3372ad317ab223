/** Text on its way to a server. A message may quote a NUL or half of a pair, which a server's text or JSON does not hold. */
const holdable = (text: string): string => text.replaceAll('\0', '\uFFFD').toWellFormed()

export const asParameter = (value: string | number | bigint): string => holdable(String(value))

/** Rows as one parameter. */
export const jsonOf = (rows: unknown): string =>
  JSON.stringify(rows, (_, value: unknown) => (typeof value === 'string' ? holdable(value) : value))
