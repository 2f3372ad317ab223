/** Casts that answer NULL where a value does not fit. `x` should be a column: it stands more than once. */
import { catalogText, type Sql, sql } from '../sql-text.ts'
import { exactDecimal } from './decimal-cast.sql.ts'
import { findLoss, holdsUnion } from './narrowing.ts'
import { findType } from './type-text.ts'
import { sameContent } from './types.ts'

/** digits of the second's fraction; DuckDB cuts those of a text beyond them */
const FRACTIONS: Readonly<Record<string, number>> = {
  TIMESTAMP_S: 0,
  TIMESTAMP_MS: 3,
  TIMESTAMP: 6,
  TIMESTAMP_NS: 9,
  'TIMESTAMP WITH TIME ZONE': 6,
  TIME: 6,
  TIME_NS: 9,
  'TIME WITH TIME ZONE': 6,
}
const MOMENTS: ReadonlySet<string> = new Set(['DATE', 'TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS'])
const TIMES: ReadonlySet<string> = new Set(['TIME', 'TIME_NS'])
const WHOLE_NUMBER = /^U?(TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)$/

const cast = (x: Sql, type: string): Sql => sql`TRY_CAST(${x} AS ${catalogText(type)})`

/** Where DuckDB's own TRY_CAST is missing, or throws on a value that does not fit, the way leads over the text. */
export function tryCast(source: string, target: string, x: Sql): Sql {
  const overText = [MOMENTS, TIMES].some((kind) => kind.has(source) && kind.has(target)) || source === 'BIGNUM'
  return cast(overText ? sql`CAST(${x} AS VARCHAR)` : x, target)
}

/** A union that does not fit damages DuckDB's instance: see `narrowing.ts`. */
function isUnsafe(type: string): boolean {
  const tree = findType(type)
  return tree === null || holdsUnion(tree)
}

/** The value as `target` holds it, or NULL where that would say less or something else. */
export function exactCast(source: string, target: string, x: Sql): Sql {
  if (findLoss(source, target) === null) return sql`CAST(${x} AS ${catalogText(target)})`
  if ([source, target].some((type) => isUnsafe(type))) return sql`CAST(NULL AS ${catalogText(target)})`
  if (source === 'VARCHAR') return readExactly(target, x)
  const there = tryCast(source, target, x)
  return sql`CASE WHEN ${sameContent(source, tryCast(target, source, there), x)} THEN ${there} END`
}

/** A text may write a value in more than one way; none of what it says is lost, floats apart, which take the nearest. */
function readExactly(target: string, text: Sql): Sql {
  const type = findType(target)
  if (type?.kind === 'decimal') return exactDecimal(text, type.precision, type.scale)
  if (WHOLE_NUMBER.test(target))
    return sql`CASE WHEN regexp_full_match(${text}, '-?[0-9]+') THEN ${cast(text, target)} ELSE ${cast(exactDecimal(text, 38, 0), target)} END`
  if (target === 'DATE') {
    const day = cast(text, 'DATE')
    const moment = cast(text, 'TIMESTAMP')
    return sql`CASE WHEN coalesce(${tryCast('DATE', 'TIMESTAMP', day)} = ${moment}, TRUE) THEN ${day} END`
  }
  // too large a number would be infinite
  if (target === 'FLOAT' || target === 'DOUBLE')
    return sql`CASE WHEN NOT isinf(${cast(text, target)}) OR regexp_matches(lower(${text}), 'inf') THEN ${cast(text, target)} END`
  const digits = FRACTIONS[target]
  if (digits === undefined) return cast(text, target)
  const beyond = catalogText(`'\\.[0-9]{${digits}}[0-9]*[1-9]'`)
  // without a zone of its own a type drops that of the text; Z is the zone that all is read in
  const zone = target.endsWith('TIME ZONE') ? sql`FALSE` : sql`regexp_matches(${text}, ':.*[+-][0-9]')`
  return sql`CASE WHEN NOT regexp_matches(${text}, ${beyond}) AND NOT ${zone} THEN ${cast(text, target)} END`
}
