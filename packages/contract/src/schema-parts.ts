/** The pieces that the definition schemas are made of. An issue carries the error code and what is needed for a hint. */
import { z } from 'zod'
import { DURATION_FORM, parseDuration } from './duration.ts'
import type { ErrorCode } from './error-codes.ts'
import type { ColumnRef, TableName } from './flow.ts'
import { NAME_PATTERN } from './ids.ts'
import { parseSize, SIZE_FORM } from './size.ts'
import { parseColumnRef, parseTableName } from './table-name.ts'

/** `params` of a custom issue. Without a `tm` the issue is a TM1011. */
export interface IssueParams {
  readonly tm?: ErrorCode
  readonly hint?: string
  /** a word that was not known, and the ones that are: for "did you mean" */
  readonly given?: string
  readonly candidates?: readonly string[]
}

type Context = z.RefinementCtx
type Fields = Readonly<Record<string, unknown>>
const KNOWN_KEYS = 'known keys: '

export function refuse(ctx: Context, message: string, params: IssueParams = {}, path: readonly string[] = []): never {
  ctx.addIssue({ code: 'custom', message, params: { ...params }, path: [...path] })
  return z.NEVER
}

/** A mapping in which an unknown key is an issue that names the known ones; `knownKeysOf` reads them back. */
export const strictMap = <S extends z.ZodRawShape>(shape: S) =>
  z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? KNOWN_KEYS + Object.keys(shape).join(', ') : undefined),
  })

export const knownKeysOf = (message: string): readonly string[] =>
  message.startsWith(KNOWN_KEYS) ? message.slice(KNOWN_KEYS.length).split(', ') : []

export const isMap = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Parses a value that was chosen while parsing, with its issues at their places. */
export function parseInside<T>(schema: z.ZodType<T>, value: unknown, ctx: Context): T {
  const result = schema.safeParse(value, { reportInput: true })
  if (result.success) return result.data
  for (const issue of result.error.issues) ctx.issues.push(issue as (typeof ctx.issues)[number])
  return z.NEVER
}

/**
 * `watermark` or `{ kind: watermark, … }`: the kind picks the schema of the other keys. A kind of `later` belongs to
 * the grammar and is refused as not built yet.
 */
export const kinded = <T>(what: string, table: Readonly<Record<string, z.ZodType<T>>>, later: readonly string[]) =>
  z.unknown().transform((value, ctx): { kind: string; value: T } => {
    const map = typeof value === 'string' ? { kind: value } : value
    const candidates = Object.keys(table)
    if (!isMap(map)) return refuse(ctx, `must be one of ${candidates.join(', ')}, or a mapping with kind`)
    const { kind, ...options } = map
    if (typeof kind !== 'string') return refuse(ctx, `kind is missing: one of ${candidates.join(', ')}`)
    const schema = Object.hasOwn(table, kind) ? table[kind] : undefined
    if (schema !== undefined) return { kind, value: parseInside(schema, options, ctx) }
    if (later.includes(kind)) return refuse(ctx, `${what}: ${kind}`, { tm: 'TM1017' }, ['kind'])
    return refuse(ctx, `${what} "${kind}" is unknown: one of ${candidates.join(', ')}`, { given: kind, candidates }, [
      'kind',
    ])
  })

/** Of the grammar, but not built yet. An empty mapping asks for nothing. */
export const notYet = (what: string) =>
  z
    .unknown()
    .transform((value, ctx) => {
      if (isMap(value) && Object.keys(value).length === 0) return
      refuse(ctx, what, { tm: 'TM1017' })
    })
    .optional()

const withoutQuotes = (value: unknown): unknown =>
  typeof value === 'number' || typeof value === 'boolean' ? String(value) : value

/** Text that may look like a number: a column can be called 2024. */
export const name = z.preprocess(withoutQuotes, z.string().min(1, 'is empty'))
export const names = z.array(name)

/** A module, task, connection, alias or parameter. */
export const id = z.preprocess(
  withoutQuotes,
  z.string().regex(NAME_PATTERN, 'must start with a letter and hold only letters, digits, - and _, at most 63'),
)

/** The text of a value: readers keep a number as a number only where its text survives. NULL is not written this way. */
export const valueText = z.unknown().transform((value, ctx): string => {
  const text = withoutQuotes(value)
  if (typeof text === 'string') return text
  return refuse(ctx, value === null ? 'must be a value: NULL is asked for with is_null' : 'must be a single value')
})

/** Runs a parser that throws a TypeError on bad text. */
const parsed = <T>(parse: (text: string) => T) =>
  name.transform((text, ctx): T => {
    try {
      return parse(text)
    } catch (error) {
      if (error instanceof TypeError) return refuse(ctx, error.message)
      throw error
    }
  })

export const tableName: z.ZodType<TableName> = parsed(parseTableName)
export const columnRef: z.ZodType<ColumnRef> = parsed(parseColumnRef)

const unitText = (parse: (text: string) => number | null, form: string) =>
  z.unknown().transform((value, ctx): number => {
    const found = typeof value === 'string' ? parse(value) : null
    if (found !== null) return found
    return refuse(ctx, `must be ${form}${typeof value === 'number' ? `: ${value} has no unit` : ''}`)
  })

export const durationMs = unitText(parseDuration, DURATION_FORM)
export const sizeBytes = unitText(parseSize, SIZE_FORM)

/** The value is elsewhere: what it is can be told only where it is resolved. */
export const isReference = (text: string): boolean => /^(env|file):/.test(text) || text.includes('${')

/** Of TCP. */
export const port = z.union(
  [z.int().min(1).max(65_535), z.string().refine(isReference)],
  'must be a number from 1 to 65535, or env:NAME',
)

/** A whole number of 1 or more; `why` says what less would mean. */
export const atLeastOne = (why: string) => z.int().min(1, `must be 1 or more: ${why}`)
