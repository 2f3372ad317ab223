/** What gets lost when a value of one DuckDB type becomes one of another. Proved with the engine itself, pair by pair. */
import { findType, formatType, type TypeTree } from './type-text.ts'

export interface Loss {
  /** values: some do not fit, the others arrive · meaning: whatever arrives says something else */
  readonly of: 'values' | 'meaning'
  readonly why: string
}

/** Whole multiples of `10 ** -scale` between `min` and `max`; null: no bound. */
interface ExactNumbers {
  readonly min: bigint | null
  readonly max: bigint | null
  readonly scale: number
}

const signed = (bits: bigint): ExactNumbers => ({ min: -(1n << (bits - 1n)), max: (1n << (bits - 1n)) - 1n, scale: 0 })
const unsigned = (bits: bigint): ExactNumbers => ({ min: 0n, max: (1n << bits) - 1n, scale: 0 })
const wholeUpTo = (max: bigint): ExactNumbers => ({ min: -max, max, scale: 0 })

const WHOLE_NUMBERS: Readonly<Record<string, ExactNumbers>> = {
  TINYINT: signed(8n),
  SMALLINT: signed(16n),
  INTEGER: signed(32n),
  BIGINT: signed(64n),
  HUGEINT: signed(128n),
  UTINYINT: unsigned(8n),
  USMALLINT: unsigned(16n),
  UINTEGER: unsigned(32n),
  UBIGINT: unsigned(64n),
  UHUGEINT: unsigned(128n),
  BIGNUM: { min: null, max: null, scale: 0 },
}
/** the whole numbers that a binary float has without a gap */
const FLOATS: Readonly<Record<string, ExactNumbers>> = { FLOAT: wholeUpTo(1n << 24n), DOUBLE: wholeUpTo(1n << 53n) }

/** without a zone: digits of the second; all but the last reach as far */
const READINGS: Readonly<Record<string, number>> = { TIMESTAMP_S: 0, TIMESTAMP_MS: 3, TIMESTAMP: 6, TIMESTAMP_NS: 9 }

/** Their text, read back, is the value, whoever reads it. */
const TEXT_SAYS_ALL: ReadonlySet<string> = new Set([
  ...Object.keys(WHOLE_NUMBERS),
  ...Object.keys(READINGS),
  'BOOLEAN',
  'FLOAT',
  'DOUBLE',
  'JSON',
  'BIT',
  'UUID',
  'DATE',
  'TIME',
  'TIME_NS',
  'TIME WITH TIME ZONE',
])

const INSTANT = 'TIMESTAMP WITH TIME ZONE'

/** Somewhere in that type is a union. */
export const holdsUnion = (type: TypeTree): boolean => {
  switch (type.kind) {
    case 'union':
      return true
    case 'list':
      return holdsUnion(type.of)
    case 'map':
      return holdsUnion(type.value)
    case 'struct':
      return type.fields.some((f) => holdsUnion(f.type))
    default:
      return false
  }
}

/** null: every value arrives as it left. */
export function findLoss(source: string, target: string): Loss | null {
  if (source === target) return null
  const [from, to] = [findType(source), findType(target)]
  if (from === null || to === null)
    return { of: 'meaning', why: `${from === null ? source : target} is not known to this version` }
  return lossBetween(from, to)
}

function lossBetween(from: TypeTree, to: TypeTree): Loss | null {
  const [source, target] = [formatType(from), formatType(to)]
  if (source === target) return null
  const some: Loss = { of: 'values', why: `a ${target} does not hold every ${source}` }
  const other: Loss = { of: 'meaning', why: `a ${target} does not say what a ${source} says` }
  if (from.kind === 'enum') {
    if (to.kind === 'enum') return from.values.every((v) => to.values.includes(v)) ? null : some
    return isScalar(to, 'VARCHAR') ? null : other
  }
  if (from.kind === 'list' && to.kind === 'list') {
    return lossBetween(from.of, to.of) ?? (to.size === null || to.size === from.size ? null : some)
  }
  if (from.kind === 'map' && to.kind === 'map')
    return lossBetween(from.key, to.key) ?? lossBetween(from.value, to.value)
  if ((from.kind === 'struct' || from.kind === 'union') && from.kind === to.kind) return lossOfFields(from, to, other)
  const [a, b] = [exactNumbers(from), exactNumbers(to)]
  if (isScalar(from, 'BIGNUM') !== isScalar(to, 'BIGNUM') && lacksBignumCast(from, to))
    return { of: 'meaning', why: `DuckDB has no cast from ${source} to ${target} to rely on` }
  if (a && b) return fits(a, b) ? null : some
  if (from.kind === 'decimal') return lossOfDecimal(from, to, some, other)
  if (from.kind !== 'scalar') return other
  if (from.name === 'VARCHAR') return isNested(to) || isScalar(to, 'VARIANT') || isScalar(to, 'GEOMETRY') ? other : some
  if (isScalar(to, 'VARCHAR')) return TEXT_SAYS_ALL.has(from.name) ? null : other
  if (a && to.kind === 'scalar' && to.name in FLOATS) return fits(a, FLOATS[to.name] ?? a) ? null : some
  if (from.name in FLOATS) return b ? some : lossOfFloat(from.name, to, some, other)
  return to.kind === 'scalar' ? lossOfTime(from.name, to.name, some, other) : other
}

const isNested = (type: TypeTree): boolean => !['scalar', 'decimal', 'enum'].includes(type.kind)
const isScalar = (type: TypeTree, name: string): boolean => type.kind === 'scalar' && type.name === name

/** Only integers become one safely; on the way back a value that does not fit throws, TRY_CAST or not. */
const lacksBignumCast = (from: TypeTree, to: TypeTree): boolean =>
  isScalar(from, 'BIGNUM')
    ? !isScalar(to, 'VARCHAR')
    : from.kind !== 'scalar' || !(from.name in WHOLE_NUMBERS || from.name === 'VARCHAR')

function exactNumbers(type: TypeTree): ExactNumbers | undefined {
  if (type.kind === 'scalar') return WHOLE_NUMBERS[type.name]
  if (type.kind !== 'decimal') return undefined
  return { ...wholeUpTo(10n ** BigInt(type.precision) - 1n), scale: type.scale }
}

function fits(a: ExactNumbers, b: ExactNumbers): boolean {
  if (b.scale < a.scale) return false
  const times = 10n ** BigInt(b.scale - a.scale)
  const above = b.min === null || (a.min !== null && a.min * times >= b.min)
  return above && (b.max === null || (a.max !== null && a.max * times <= b.max))
}

/** A binary fraction is never a tenth, though its shortest text may look like one. */
function lossOfDecimal(from: TypeTree & { kind: 'decimal' }, to: TypeTree, some: Loss, other: Loss): Loss | null {
  if (to.kind !== 'scalar') return other
  if (to.name === 'VARCHAR') return null
  const floats = FLOATS[to.name]
  if (floats === undefined) return other
  if (from.scale > 0) return { of: 'meaning', why: `${some.why}: it has binary fractions` }
  return fits(wholeUpTo(10n ** BigInt(from.precision) - 1n), floats) ? null : some
}

function lossOfFloat(name: string, to: TypeTree, some: Loss, other: Loss): Loss | null {
  if (to.kind !== 'scalar' || !(to.name in FLOATS)) return other
  return name === 'FLOAT' ? null : some
}

function lossOfTime(from: string, to: string, some: Loss, other: Loss): Loss | null {
  const [a, b] = [READINGS[from], READINGS[to]]
  if (a !== undefined && b !== undefined) return b > a && b < 9 ? null : some
  if (from === 'DATE' && b !== undefined) return some
  if (a !== undefined && to === 'DATE') return some
  if (from === 'TIME_NS' && to === 'TIME') return some
  if ((from === INSTANT && b !== undefined) || (to === INSTANT && a !== undefined))
    return { of: 'meaning', why: `${other.why}: one is an instant, the other what some clock shows` }
  return other
}

/**
 * Fields belong together by name, tags of a union also by place. A union is not cast value by value: DuckDB 1.5 damages
 * its own instance where a member does not fit, TRY_CAST or not.
 */
function lossOfFields(
  from: TypeTree & { kind: 'struct' | 'union' },
  to: TypeTree & { kind: 'struct' | 'union' },
  other: Loss,
): Loss | null {
  const held = new Map(to.fields.map((f) => [f.name.toLowerCase(), f.type]))
  if (held.size !== from.fields.length) return other
  for (const [i, field] of from.fields.entries()) {
    const type = held.get(field.name.toLowerCase())
    if (type === undefined) return other
    if (from.kind === 'union' && to.fields[i]?.name.toLowerCase() !== field.name.toLowerCase()) return other
    const loss = lossBetween(field.type, type)
    if (loss !== null) return from.kind === 'union' ? { ...loss, of: 'meaning' } : loss
  }
  return null
}
