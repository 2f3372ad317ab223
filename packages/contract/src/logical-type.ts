/** What kind of value a column holds, in words that every dialect maps to its own types. Pure data. */

interface Plain {
  readonly kind:
    | 'bool'
    | 'int16'
    | 'int32'
    | 'int64'
    | 'float32'
    | 'float64'
    | 'text'
    | 'bytes'
    | 'uuid'
    | 'date'
    | 'json'
}

/** `digits` of a second's fraction, 0 to 9 */
interface Fractional {
  readonly kind: 'time' | 'timestamp' | 'timestamptz'
  readonly digits: number
}

interface Decimal {
  readonly kind: 'decimal'
  readonly precision: number
  readonly scale: number
}

export type LogicalType = Plain | Fractional | Decimal

const PLAIN: readonly Plain['kind'][] = [
  'bool',
  'int16',
  'int32',
  'int64',
  'float32',
  'float64',
  'text',
  'bytes',
  'uuid',
  'date',
  'json',
]
const FRACTIONAL: readonly Fractional['kind'][] = ['time', 'timestamp', 'timestamptz']
const MOST_DIGITS = 9

export const LOGICAL_KINDS: readonly LogicalType['kind'][] = [...PLAIN, 'decimal', ...FRACTIONAL]

/** `decimal(10,2)`, `timestamp(6)`, `text`: the one text of a type. */
export function formatLogicalType(type: LogicalType): string {
  if (type.kind === 'decimal') return `decimal(${type.precision},${type.scale})`
  return 'digits' in type ? `${type.kind}(${type.digits})` : type.kind
}

/** The inverse of `formatLogicalType`; null: it is none. */
export function findLogicalType(text: string): LogicalType | null {
  const [, word = '', first, second] = /^([a-z]+[0-9]*)(?:\((0|[1-9]\d*)(?:,(0|[1-9]\d*))?\))?$/.exec(text) ?? []
  if (word === 'decimal') {
    const [precision, scale] = [Number(first), Number(second)]
    return precision >= 1 && scale >= 0 && scale <= precision ? { kind: word, precision, scale } : null
  }
  if (second !== undefined) return null
  const fractional = FRACTIONAL.find((k) => k === word)
  if (fractional !== undefined)
    return first !== undefined && Number(first) <= MOST_DIGITS ? { kind: fractional, digits: Number(first) } : null
  const kind = PLAIN.find((k) => k === word)
  return kind !== undefined && first === undefined ? { kind } : null
}
