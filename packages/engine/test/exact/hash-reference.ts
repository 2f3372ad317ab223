/** Canonical text and row hash once more, in plain TypeScript and without a database: `docs/canonical-text.md` word by word. */
import { createHash } from 'node:crypto'

/** `{ months, days, micros }` for an interval, an array for a list, `[[key, value]]` for a map, `[tag, value]` for a union */
export type Value = string | null | readonly Value[] | { readonly [name: string]: Value }

export type ValueType =
  | string
  | { readonly list: ValueType }
  | { readonly map: readonly [ValueType, ValueType] }
  | { readonly struct: Readonly<Record<string, ValueType>> }
  | { readonly union: Readonly<Record<string, ValueType>> }

export interface VectorColumn {
  readonly name: string
  readonly type: ValueType
  readonly value: Value
}

const frame = (text: string | null): string => (text === null ? 'N' : `${Buffer.byteLength(text)}:${text}`)

export function canonicalOf(type: ValueType, value: Value): string | null {
  if (value === null) return null
  if (typeof type === 'string') return scalarText(type.replace(/\(.*/, ''), value)
  if ('list' in type)
    return itemsOf(value)
      .map((item) => frame(canonicalOf(type.list, item)))
      .join('')
  if ('map' in type) {
    const [k, v] = type.map
    return itemsOf(value)
      .map((entry) => {
        const [key, held] = pairOf(entry)
        return frame(frame(canonicalOf(k, key)) + frame(canonicalOf(v, held)))
      })
      .join('')
  }
  if ('struct' in type) {
    const fields = value as Readonly<Record<string, Value>>
    return Object.entries(type.struct)
      .map(([name, of]) => frame(canonicalOf(of, fields[name] ?? null)))
      .join('')
  }
  const [tag, held] = pairOf(value)
  if (typeof tag !== 'string') throw new TypeError('a union has a tag')
  return frame(tag) + frame(canonicalOf(type.union[tag] ?? '', held))
}

const itemsOf = (value: Value): readonly Value[] => value as readonly Value[]
const pairOf = (value: Value): readonly [Value, Value] => value as readonly [Value, Value]

/** In the order of the names' bytes. */
export const inNameOrder = <T extends { readonly name: string }>(columns: readonly T[]): readonly T[] =>
  columns.toSorted((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)))

export const framedRow = (columns: readonly VectorColumn[]): string =>
  inNameOrder(columns)
    .map((c) => frame(canonicalOf(c.type, c.value)))
    .join('')

export const hashOf = (columns: readonly VectorColumn[]): string =>
  createHash('sha256').update(framedRow(columns)).digest('hex')

function scalarText(kind: string, value: Value): string {
  if (kind === 'interval') {
    const { months, days, micros } = value as Readonly<Record<string, string>>
    return `${months} ${days} ${micros}`
  }
  if (typeof value !== 'string') throw new TypeError(`${kind}: ${JSON.stringify(value)}`)
  if (kind === 'bool' || kind === 'text' || kind === 'json' || kind === 'bit') return value
  if (kind.startsWith('int')) return String(BigInt(value))
  if (kind === 'decimal') return decimalText(value)
  if (kind === 'float64') return floatText(Number(value), (x) => x.toExponential())
  if (kind === 'float32') return floatText(Math.fround(Number(value)), shortest32)
  if (kind === 'bytes' || kind === 'uuid') return value.toLowerCase()
  if (value === 'infinity' || value === '-infinity') return value
  if (kind === 'time') return fractionText(value)
  const iso = expandedYear(value).replace(' ', 'T')
  if (kind === 'date') return yearText(String(Temporal.PlainDate.from(iso)))
  if (kind === 'timestamp') return yearText(dateTimeText(Temporal.PlainDateTime.from(iso)))
  if (kind === 'timestamptz')
    return `${yearText(dateTimeText(Temporal.Instant.from(iso).toZonedDateTimeISO('UTC').toPlainDateTime()))}Z`
  throw new TypeError(`no canonical text: ${kind}`)
}

function decimalText(text: string): string {
  const [, sign = '', whole = '', fraction = ''] = /^([+-]?)(\d*)\.?(\d*)$/.exec(text) ?? []
  const shown = whole.replace(/^0+/, '') || '0'
  const rest = fraction.replace(/0+$/, '')
  const number = rest === '' ? shown : `${shown}.${rest}`
  return sign === '-' && number !== '0' ? `-${number}` : number
}

function floatText(x: number, scientific: (x: number) => string): string {
  if (Number.isNaN(x)) return 'NaN'
  if (!Number.isFinite(x)) return x > 0 ? 'Infinity' : '-Infinity'
  if (x === 0) return Object.is(x, -0) ? '-0' : '0'
  const [, sign = '', digits = '', exponent = ''] = /^(-?)([\d.]+)e([+-]\d+)$/.exec(scientific(x)) ?? []
  const e = Number(exponent)
  const all = digits.replace('.', '')
  if (e < -4 || e >= 16) return `${sign}${digits}e${e}`
  if (e < 0) return `${sign}0.${'0'.repeat(-e - 1)}${all}`
  const whole = all.padEnd(e + 1, '0')
  return sign + (whole.length > e + 1 ? `${whole.slice(0, e + 1)}.${whole.slice(e + 1)}` : whole)
}

/** Of as many digits the two on either side of the value are looked at; of two that are as near the even one is taken. */
function shortest32(x: number): string {
  const [, sign = '', all = '', exponent = ''] = /^(-?)([\d.]+)e([+-]\d+)$/.exec(x.toExponential(20)) ?? []
  const exact = all.replace('.', '')
  for (let digits = 1; digits < 9; digits += 1) {
    const below = BigInt(exact.slice(0, digits))
    const rest = exact.slice(digits)
    const half = `5${'0'.repeat(rest.length - 1)}`
    const upwards = rest > half || (rest === half && below % 2n === 1n)
    for (const n of upwards ? [below + 1n, below] : [below, below + 1n]) {
      const text = `${sign}${n}e${Number(exponent) - digits + 1}`
      if (Math.fround(Number(text)) === x) return Number(text).toExponential()
    }
  }
  return x.toExponential(8)
}

const fractionText = (time: string): string =>
  time.replace(/\.(\d*?)0*$/, (_, kept: string) => (kept === '' ? '' : `.${kept}`))
const dateTimeText = (t: Temporal.PlainDateTime): string => fractionText(t.toString({ smallestUnit: 'nanosecond' }))

/** ISO writes years beyond 9999 and before 0 with a sign and six digits. */
const expandedYear = (text: string): string =>
  text.replace(/^(-?)(\d{4,6})-/, (all, sign: string, year: string) =>
    sign === '' && year.length === 4 ? all : `${sign === '' ? '+' : sign}${year.padStart(6, '0')}-`,
  )
const yearText = (iso: string): string =>
  iso.replace(/^([+-])0*(\d{4,6})-/, (_, sign: string, year: string) => `${sign === '-' ? '-' : ''}${year}-`)
