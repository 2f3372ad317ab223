/** The grammar of `columns`: which are moved, what is added, their names, types and masks. */
import { z } from 'zod'
import type { AddedColumnSpec, ColumnsSpec, MaskSpec } from './flow.ts'
import { columnRef, isMap, kinded, name, names, parseInside, refuse, strictMap, valueText } from './schema-parts.ts'
import { typeText } from './type-text.ts'

export const DEFAULT_REDACTION = '[redacted]'

/** A constant; null is NULL. */
const constant = z
  .unknown()
  .transform((value, ctx): string | null => (value === null ? null : parseInside(valueText, value, ctx)))

const addedMap = strictMap({ column: columnRef.optional(), value: constant.optional() }).transform(
  ({ column, value }, ctx): AddedColumnSpec => {
    if (column !== undefined && value !== undefined)
      return refuse(ctx, 'column and value exclude each other', { tm: 'TM1019' }, ['value'])
    if (column !== undefined) return { kind: 'column', column }
    if (value !== undefined) return { kind: 'value', value }
    if (ctx.issues.length > 0) return z.NEVER
    return refuse(ctx, 'must say where it comes from: { column: … } or { value: … }')
  },
)

const added = z.unknown().transform((given, ctx): AddedColumnSpec => {
  if (typeof given === 'string') return { kind: 'column', column: parseInside(columnRef, given, ctx) }
  if (isMap(given)) return parseInside(addedMap, given, ctx)
  const constants = 'a constant is written { value: … }, also { value: null }'
  return refuse(ctx, `must be a column, such as meta.Column; ${constants}`)
})

/** Whether it is a reference is the matter of those who look for secrets: they never show it. */
const keyReference = z.string().min(1, 'is empty')
const redaction = z.unknown().transform((value, ctx): string => {
  if (value === null) return refuse(ctx, 'is empty: write the text that stands there instead')
  return parseInside(valueText, value, ctx)
})

const MASKS: Readonly<Record<MaskSpec['kind'], z.ZodType<MaskSpec>>> = {
  hash: strictMap({ key: keyReference }).transform(({ key }): MaskSpec => ({ kind: 'hash', key })),
  null: strictMap({}).transform((): MaskSpec => ({ kind: 'null' })),
  redact: strictMap({ text: redaction.optional() }).transform(
    ({ text }): MaskSpec => ({ kind: 'redact', text: text ?? DEFAULT_REDACTION }),
  ),
}
const kindedMask = kinded<MaskSpec>('mask', MASKS, []).transform(({ value }) => value)

const shortMask = strictMap({ hash: keyReference.optional(), redact: redaction.optional() }).transform(
  ({ hash, redact }, ctx): MaskSpec => {
    if (hash !== undefined && redact !== undefined)
      return refuse(ctx, 'hash and redact exclude each other', { tm: 'TM1019' }, ['redact'])
    if (hash !== undefined) return { kind: 'hash', key: hash }
    if (redact !== undefined) return { kind: 'redact', text: redact }
    if (ctx.issues.length > 0) return z.NEVER
    return refuse(ctx, 'must be null, redact, { redact: TEXT } or { hash: env:NAME }')
  },
)

const mask = z.unknown().transform((given, ctx): MaskSpec => {
  if (given === null) return { kind: 'null' }
  if (given === 'hash') return refuse(ctx, 'needs a key: { hash: env:MASK_KEY }')
  if (!isMap(given) || 'kind' in given) {
    // in YAML `kind: null` holds no text
    const map = isMap(given) && given['kind'] === null ? { ...given, kind: 'null' } : given
    return parseInside(kindedMask, map, ctx)
  }
  return parseInside(shortMask, given, ctx)
})

export const columnsSchema = strictMap({
  include: names.min(1, 'is empty: no column would be moved').optional(),
  exclude: names.optional(),
  add: z.record(z.string(), added).optional(),
  rename: z.record(z.string(), name).optional(),
  cast: z.record(z.string(), typeText).optional(),
  mask: z.record(z.string(), mask).optional(),
}).transform(
  (given): ColumnsSpec => ({
    include: given.include ?? null,
    exclude: given.exclude ?? [],
    add: given.add ?? {},
    rename: given.rename ?? {},
    cast: given.cast ?? {},
    mask: given.mask ?? {},
  }),
)

export const ALL_COLUMNS: ColumnsSpec = { include: null, exclude: [], add: {}, rename: {}, cast: {}, mask: {} }
