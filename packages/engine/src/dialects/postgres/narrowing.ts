/** What gets lost when a value of one PostgreSQL type becomes one of another. Proved with the server itself, pair by pair. */
import { elementOf, findType, formatType, type PgType } from './type-text.ts'

export interface Loss {
  /** values: some do not fit, the others arrive · meaning: whatever arrives says something else */
  readonly of: 'values' | 'meaning'
  readonly why: string
}

/** Whole multiples of `10 ** -scale` from `-max` (and one more, of integers) to `max`. */
interface ExactNumbers {
  readonly min: bigint
  readonly max: bigint
  readonly scale: number
}

const signed = (bits: bigint): ExactNumbers => ({ min: -(1n << (bits - 1n)), max: (1n << (bits - 1n)) - 1n, scale: 0 })
const upTo = (max: bigint, scale = 0): ExactNumbers => ({ min: -max, max, scale })

export const WHOLE_NUMBERS: Readonly<Record<string, ExactNumbers>> = {
  smallint: signed(16n),
  integer: signed(32n),
  bigint: signed(64n),
}
/** the whole numbers that a binary float has without a gap */
const FLOATS: Readonly<Record<string, ExactNumbers>> = { real: upTo(1n << 24n), 'double precision': upTo(1n << 53n) }

/** Their text, read back, is the value. */
const TEXT_SAYS_ALL: ReadonlySet<string> = new Set([
  ...Object.keys(WHOLE_NUMBERS),
  ...Object.keys(FLOATS),
  'numeric',
  'boolean',
  'oid',
  'xid8',
  'json',
  'jsonb',
  'xml',
  'uuid',
  'date',
  'time without time zone',
  'time with time zone',
  'timestamp without time zone',
  'timestamp with time zone',
  'bit',
  'bit varying',
  'inet',
  'cidr',
  'macaddr',
  'macaddr8',
  'pg_lsn',
  ...['int4', 'int8', 'num', 'ts', 'tstz', 'date'].flatMap((of) => [`${of}range`, `${of}multirange`]),
])

const TEXTS: ReadonlySet<string> = new Set(['text', 'character varying', 'character', 'name'])
const isInterval = ({ name }: PgType): boolean => /^interval\b/.test(name)

/** null: every value arrives as it left. */
export function findLoss(source: string, target: string): Loss | null {
  const [from, to] = [findType(source), findType(target)]
  if (from?.name === 'money' || to?.name === 'money') return lossOfMoney(from, to)
  if (source === target) return null
  if (from === null || to === null)
    return { of: 'meaning', why: `${from === null ? source : target} is not known to this version` }
  return lossBetween(from, to)
}

/** Its digits and its currency are the setting of a server. */
function lossOfMoney(from: PgType | null, to: PgType | null): Loss {
  const why = "money has the currency and the digits of its server's lc_monetary: cast it to numeric"
  return {
    of: from?.name === 'money' && !from.array && to?.name === 'numeric' && !to.array ? 'values' : 'meaning',
    why,
  }
}

function lossBetween(from: PgType, to: PgType): Loss | null {
  const [source, target] = [formatType(from), formatType(to)]
  const some: Loss = { of: 'values', why: `a ${target} does not hold every ${source}` }
  const other: Loss = { of: 'meaning', why: `a ${target} does not say what a ${source} says` }
  if (from.array || to.array) return from.array && to.array ? lossBetween(elementOf(from), elementOf(to)) : other
  if (from.user !== null || to.user !== null) return lossOfUserType(from, to, some, other)
  if (source === target) return null
  if (TEXTS.has(from.name)) return TEXTS.has(to.name) ? lossOfText(from, to, some) : some
  if (TEXTS.has(to.name)) return lossIntoText(from, to, some, other)
  if (from.name === to.name && from.modifiers !== null && to.modifiers === null) return null
  const [a, b] = [exactNumbers(from), exactNumbers(to)]
  if (a && to.name === 'numeric' && b === null) return null
  if (a && b) return fits(a, b) ? null : some
  if (from.name === 'numeric' && a === null && b) return some
  if (from.name === 'numeric' || a) return lossIntoFloat(from, a, to, some, other)
  if (from.name in FLOATS) return lossOfFloat(from, to, b, some, other)
  return lossOfOthers(from, to, some, other)
}

/** An enum is held by one of its name that has its values; the others are held by themselves alone. */
function lossOfUserType(from: PgType, to: PgType, some: Loss, other: Loss): Loss | null {
  if (from.user?.kind === 'enum') {
    if (to.user === null && TEXTS.has(to.name)) return to.modifiers === null && to.name !== 'name' ? null : some
    if (to.user?.kind !== 'enum') return other
    const { labels } = to.user
    // there is no cast from one enum to another
    if (from.name !== to.name) return other
    return from.user.labels.every((label) => labels.includes(label)) ? null : some
  }
  if (to.user?.kind === 'enum') return from.user === null && TEXTS.has(from.name) ? some : other
  return from.name === to.name && JSON.stringify(from.user) === JSON.stringify(to.user) ? null : other
}

/** undefined: no exact number · null: any number of digits */
function exactNumbers({ name, modifiers }: PgType): ExactNumbers | null | undefined {
  if (name !== 'numeric') return WHOLE_NUMBERS[name]
  if (modifiers === null) return null
  const [precision = 0, scale = 0] = modifiers
  // from 15 on: numeric(2,-3) has thousands, numeric(2,4) has hundredths of hundredths
  return scale < 0
    ? upTo((10n ** BigInt(precision) - 1n) * 10n ** BigInt(-scale))
    : upTo(10n ** BigInt(precision) - 1n, scale)
}

function fits(a: ExactNumbers, b: ExactNumbers): boolean {
  if (b.scale < a.scale) return false
  const times = 10n ** BigInt(b.scale - a.scale)
  return a.min * times >= b.min && a.max * times <= b.max
}

/** How many characters it holds; Infinity: any number. */
const longest = ({ modifiers }: PgType): number => modifiers?.[0] ?? Number.POSITIVE_INFINITY

/** A `character` has no spaces at its end, and a `name` is cut at its 63rd byte. */
function lossOfText(from: PgType, to: PgType, some: Loss): Loss | null {
  if (to.name === 'name' || (to.name === 'character' && from.name !== 'character')) return some
  if (from.name === 'name') return longest(to) >= 63 ? null : some
  return longest(to) >= longest(from) ? null : some
}

function lossIntoText(from: PgType, to: PgType, some: Loss, other: Loss): Loss | null {
  if (!TEXT_SAYS_ALL.has(from.name) && from.name !== '"char"' && !isInterval(from)) return other
  return to.name === 'name' || to.name === 'character' || to.modifiers !== null ? some : null
}

/** A binary fraction is never a tenth, though its shortest text may look like one. */
function lossIntoFloat(
  from: PgType,
  a: ExactNumbers | null | undefined,
  to: PgType,
  some: Loss,
  other: Loss,
): Loss | null {
  const floats = FLOATS[to.name]
  if (floats === undefined) return other
  if (a == null || a.scale > 0) return { of: 'meaning', why: `${some.why}: it has binary fractions` }
  return from.name !== 'numeric' && fits(a, floats) ? null : some
}

function lossOfFloat(
  from: PgType,
  to: PgType,
  b: ExactNumbers | null | undefined,
  some: Loss,
  other: Loss,
): Loss | null {
  if (to.name in FLOATS) return from.name === 'real' ? null : some
  if (b === null) return { of: 'meaning', why: `${other.why}: the server rounds it to 15 digits` }
  return b && b.scale === 0 && to.name !== 'numeric' ? some : other
}

const FRACTIONAL = /^(?:time|timestamp) with(?:out)? time zone$/
const MICROSECONDS = 6
const digitsOf = ({ modifiers }: PgType): number => modifiers?.[0] ?? MICROSECONDS

function lossOfOthers(from: PgType, to: PgType, some: Loss, other: Loss): Loss | null {
  if (from.name === to.name && FRACTIONAL.test(from.name)) return digitsOf(to) >= digitsOf(from) ? null : some
  if (isInterval(from) && isInterval(to)) return to.name === 'interval' && to.modifiers === null ? null : some
  const [timestamp, instant] = ['timestamp without time zone', 'timestamp with time zone']
  if ((from.name === 'date' && to.name === timestamp) || (from.name === timestamp && to.name === 'date')) return some
  if ((from.name === timestamp && to.name === instant) || (from.name === instant && to.name === timestamp))
    return { of: 'meaning', why: `${other.why}: one is an instant, the other what some clock shows` }
  if (from.name.startsWith('bit') && to.name.startsWith('bit'))
    return to.name === 'bit varying' && longest(to) >= longest(from) ? null : some
  switch (`${from.name} → ${to.name}`) {
    case 'oid → bigint':
    case 'cidr → inet':
    case 'macaddr → macaddr8':
    case 'jsonb → json':
      return null
    case 'bigint → oid':
    case 'inet → cidr':
    case 'macaddr8 → macaddr':
      return some
    case 'json → jsonb':
      return { ...some, why: `${some.why}: it keeps neither spaces nor the order of keys nor a key given twice` }
    default:
      return other
  }
}
