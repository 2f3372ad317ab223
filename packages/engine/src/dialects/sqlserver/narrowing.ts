/** What gets lost when a value of one type of SQL Server becomes one of another, by the conversions of `try-cast.sql.ts`. */
import { findType, longest, OF_A_CODE_PAGE, PADDED, plainName, type SqlServerType, TEXTS } from './type-text.ts'

export interface Loss {
  /** values: some do not fit, the others arrive · meaning: whatever arrives says something else */
  readonly of: 'values' | 'meaning'
  readonly why: string
}

/** Whole multiples of `10 ** -scale` from `min` to `max`. */
interface ExactNumbers {
  readonly min: bigint
  readonly max: bigint
  readonly scale: number
}

const signed = (bits: bigint, scale = 0): ExactNumbers => ({
  min: -(1n << (bits - 1n)),
  max: (1n << (bits - 1n)) - 1n,
  scale,
})
const upTo = (max: bigint, scale = 0): ExactNumbers => ({ min: -max, max, scale })

const NUMBERS: Readonly<Record<string, ExactNumbers>> = {
  bit: { min: 0n, max: 1n, scale: 0 },
  tinyint: { min: 0n, max: 255n, scale: 0 },
  smallint: signed(16n),
  int: signed(32n),
  bigint: signed(64n),
  smallmoney: signed(32n, 4),
  money: signed(64n, 4),
}
export const WHOLE_NUMBERS: ReadonlySet<string> = new Set(['bit', 'tinyint', 'smallint', 'int', 'bigint'])
export const MONEY: ReadonlySet<string> = new Set(['smallmoney', 'money'])
/** the whole numbers that a binary float has without a gap */
export const FLOATS: Readonly<Record<string, ExactNumbers>> = { real: upTo(1n << 24n), float: upTo(1n << 53n) }
export const BYTES: ReadonlySet<string> = new Set(['binary', 'varbinary', 'image', 'rowversion'])
/** what some clock shows, without a zone */
export const READINGS: ReadonlySet<string> = new Set(['date', 'smalldatetime', 'datetime', 'datetime2'])
const SPATIAL: ReadonlySet<string> = new Set(['geometry', 'geography'])

/** undefined: not one */
export function exactNumbers({ name, modifiers }: SqlServerType): ExactNumbers | undefined {
  if (name !== 'decimal') return NUMBERS[name]
  const [precision = 18, scale = 0] = modifiers
  return upTo(10n ** BigInt(precision) - 1n, scale)
}

/** Digits of a second's fraction. A datetime has thirds of a hundredth, and its text three digits of them. */
export function fractionOf({ name, modifiers }: SqlServerType): number {
  if (name === 'datetime') return 3
  return name === 'smalldatetime' || name === 'date' ? 0 : (modifiers[0] ?? 7)
}

/** The most characters that the text of a value has; null: it has none that says all. Those below are ASCII. */
export function widthOfText(type: SqlServerType): number | null {
  const { name, modifiers } = type
  const fraction = fractionOf(type)
  const dotted = fraction === 0 ? 0 : fraction + 1
  switch (name) {
    case 'decimal': {
      const [precision = 18, scale = 0] = modifiers
      // a sign, a point, and a 0 before it
      return precision + 1 + (scale > 0 ? 1 : 0) + (scale === precision ? 1 : 0)
    }
    case 'time':
      return 8 + dotted
    case 'datetime2':
      return 19 + dotted
    case 'datetimeoffset':
      return 25 + dotted
    default:
      return WIDTHS[name] ?? null
  }
}

const WIDTHS: Readonly<Record<string, number>> = {
  bit: 1,
  tinyint: 3,
  smallint: 6,
  int: 11,
  bigint: 20,
  smallmoney: 12,
  money: 21,
  real: 24,
  float: 24,
  date: 10,
  smalldatetime: 19,
  datetime: 23,
  uniqueidentifier: 36,
  hierarchyid: 4000,
}

/** Why no value of that type can be moved at all; null: it can. */
export function whyUnmoved(text: string): string | null {
  const type = findType(text)
  if (type === null) return `${text} is not known to this version`
  if (type.name === 'sql_variant')
    return 'each value of a sql_variant has a type of its own, which no other column would know: cast it in a view of the source'
  return null
}

/** null: every value arrives as it left. */
export function findLoss(source: string, target: string): Loss | null {
  const why = whyUnmoved(source) ?? whyUnmoved(target)
  if (why !== null) return { of: 'meaning', why }
  const [from, to] = [findType(source), findType(target)]
  if (from === null || to === null) throw new TypeError('whyUnmoved finds these')
  if (to.name === 'rowversion') return { of: 'meaning', why: 'a rowversion is given by the server alone' }
  return lossBetween(from, to)
}

function lossBetween(from: SqlServerType, to: SqlServerType): Loss | null {
  const [source, target] = [plainName(from), plainName(to)]
  const some: Loss = { of: 'values', why: `a ${target} does not hold every ${source}` }
  const other: Loss = { of: 'meaning', why: `a ${target} does not say what a ${source} says` }
  if (TEXTS.has(from.name)) return TEXTS.has(to.name) ? lossOfText(from, to, some) : lossOfReading(to, some, other)
  if (source === target) return null
  if (TEXTS.has(to.name)) return lossIntoText(from, to, some, other)
  if (BYTES.has(from.name)) return BYTES.has(to.name) ? lossOfBytes(from, to, some) : other
  const [a, b] = [exactNumbers(from), exactNumbers(to)]
  if (a && b) return fits(a, b) ? null : some
  if (a) return lossIntoFloat(a, to, some, other)
  if (from.name in FLOATS) return lossOfFloat(from, to, some, other)
  return lossOfTime(from, to, some, other)
}

/** A text is read as whatever it may be the text of. */
const lossOfReading = (to: SqlServerType, some: Loss, other: Loss): Loss => (SPATIAL.has(to.name) ? other : some)

function fits(a: ExactNumbers, b: ExactNumbers): boolean {
  if (b.scale < a.scale) return false
  const times = 10n ** BigInt(b.scale - a.scale)
  return a.min * times >= b.min && a.max * times <= b.max
}

/** Characters of a code page that another lacks become question marks, and no text of an n-type is sure to be in one. */
function lossOfText(from: SqlServerType, to: SqlServerType, some: Loss): Loss | null {
  if (PADDED.has(to.name) && !PADDED.has(from.name)) return some
  if (OF_A_CODE_PAGE.has(to.name)) {
    const [a, b] = [from.encoding?.codePage, to.encoding?.codePage]
    if (!OF_A_CODE_PAGE.has(from.name)) return some
    if (a === undefined || a !== b) return { ...some, why: `${some.why}: their code pages are not one` }
  }
  // no character of a code page takes more of UTF-16 than it takes bytes
  return longest(to) >= longest(from) ? null : some
}

function lossIntoText(from: SqlServerType, to: SqlServerType, some: Loss, other: Loss): Loss | null {
  const width = widthOfText(from)
  if (width !== null) return longest(to) >= width && !PADDED.has(to.name) ? null : some
  if (from.name !== 'xml' && from.name !== 'json') return other
  return longest(to) === Number.POSITIVE_INFINITY && !OF_A_CODE_PAGE.has(to.name) ? null : some
}

/** A `binary(n)` has n bytes, and is filled up with zeros. */
function lossOfBytes(from: SqlServerType, to: SqlServerType, some: Loss): Loss | null {
  if (to.name !== 'binary') return longest(to) >= longest(from) ? null : some
  return (from.name === 'binary' || from.name === 'rowversion') && longest(from) === longest(to) ? null : some
}

/** A binary fraction is never a tenth, though its shortest text may look like one. */
function lossIntoFloat(a: ExactNumbers, to: SqlServerType, some: Loss, other: Loss): Loss | null {
  const floats = FLOATS[to.name]
  if (floats === undefined) return other
  if (a.scale > 0) return { of: 'meaning', why: `${some.why}: it has binary fractions` }
  return fits(a, floats) ? null : some
}

function lossOfFloat(from: SqlServerType, to: SqlServerType, some: Loss, other: Loss): Loss | null {
  if (to.name in FLOATS) return from.name === 'real' ? null : some
  return WHOLE_NUMBERS.has(to.name) ? some : other
}

function lossOfTime(from: SqlServerType, to: SqlServerType, some: Loss, other: Loss): Loss | null {
  if (READINGS.has(from.name) && READINGS.has(to.name)) return lossOfMoment(from, to, some)
  if (from.name === to.name && (from.name === 'time' || from.name === 'datetimeoffset'))
    return fractionOf(to) >= fractionOf(from) ? null : some
  const [one, two] = [from, to].map(({ name }) => name)
  if ([one, two].includes('datetimeoffset') && (READINGS.has(one ?? '') || READINGS.has(two ?? '')))
    return { of: 'meaning', why: `${other.why}: one is an instant, the other what some clock shows` }
  return other
}

/** From the one that reaches least far, and has the fewest moments, to the one that has all of them. */
const REACH: Readonly<Record<string, number>> = { smalldatetime: 1, datetime: 2, datetime2: 3 }

function lossOfMoment(from: SqlServerType, to: SqlServerType, some: Loss): Loss | null {
  // a day is no moment, though midnight may stand for it
  if (from.name === 'date' || to.name === 'date') return some
  const further = (REACH[to.name] ?? 0) >= (REACH[from.name] ?? 0)
  return further && fractionOf(to) >= fractionOf(from) ? null : some
}
