/**
 * Casts that answer NULL where a value does not fit. The server's TRY_CONVERT is one that throws nothing, but it cuts texts
 * and bytes, and rounds numbers and times, in silence; so what comes out is turned back, and compared. `x` should be a
 * column: it stands more than once.
 */
import type { SqlKit } from '../relational/sql-kit.ts'
import { catalogText, type Sql, sql } from '../sql-text.ts'
import { BYTES, findLoss, READINGS } from './narrowing.ts'
import { type Reading, readText } from './read-text.sql.ts'
import {
  castName,
  findType,
  longest,
  OF_A_CODE_PAGE,
  PADDED,
  plainName,
  type SqlServerType,
  TEXTS,
} from './type-text.ts'
import { equalContent, valueText } from './types.ts'
import { underCollation } from './value-text.sql.ts'

const raw = (text: string | number): Sql => catalogText(String(text))
const nothing = (to: SqlServerType): Sql => sql`CAST(NULL AS ${raw(castName(to))})`
const ANY_TEXT = 'nvarchar(max)'
const MOMENT: SqlServerType = { name: 'datetime2', modifiers: [7], encoding: null }

/** A text of the server's own characters as one of a type that has texts; nothing is looked at. */
const intoText = (to: SqlServerType, text: Sql): Sql =>
  sql`CONVERT(${raw(castName(to))}, ${OF_A_CODE_PAGE.has(to.name) ? underCollation(to, text) : text})`

/** What a text takes in it. */
function fitsText(to: SqlServerType, text: Sql): Sql | null {
  const length = longest(to)
  if (length === Number.POSITIVE_INFINITY) return null
  return OF_A_CODE_PAGE.has(to.name)
    ? sql`DATALENGTH(CONVERT(varchar(max), ${underCollation(to, text)})) <= ${raw(length)}`
    : sql`DATALENGTH(${text}) <= ${raw(2 * length)}`
}

/** A datetime is told by its three digits, and not by the thirds that it has when it is made one of seven. */
const asMoment = (from: SqlServerType, x: Sql): Sql => (from.name === 'datetime' ? sql`CONVERT(datetime2(3), ${x})` : x)

/** Where every value fits. */
function land(from: SqlServerType, to: SqlServerType, x: Sql): Sql {
  if (TEXTS.has(to.name)) {
    if (plainName(from) === plainName(to)) return x
    // bytes of one code page are copied as they are, without the spaces that fill up
    if (TEXTS.has(from.name)) return sql`CONVERT(${raw(castName(to))}, ${PADDED.has(from.name) ? sql`RTRIM(${x})` : x})`
    return intoText(to, valueText(plainName(from), x))
  }
  if (plainName(from) === plainName(to)) return x
  return sql`CONVERT(${raw(castName(to))}, ${READINGS.has(to.name) ? asMoment(from, x) : x})`
}

function fitBytes(to: SqlServerType, x: Sql): Sql {
  const length = longest(to)
  const bytes = sql`CONVERT(varbinary(max), ${x})`
  const fits = to.name === 'binary' ? sql`DATALENGTH(${x}) = ${raw(length)}` : sql`DATALENGTH(${x}) <= ${raw(length)}`
  return sql`CASE WHEN ${fits} THEN CONVERT(${raw(castName(to))}, ${bytes}) END`
}

/** Of a text: through a moment of seven digits into the types that have fewer moments. */
function read(to: SqlServerType, how: Reading, text: Sql): Sql {
  const own = readText(to, how, text)
  if (own !== null) return own
  if (!READINGS.has(to.name)) return nothing(to)
  const moment = readText(MOMENT, how, text)
  if (moment === null) throw new TypeError('a moment is read of a text')
  return (how === 'exact' ? exactBetween : tryBetween)(MOMENT, to, moment)
}

function tryBetween(from: SqlServerType, to: SqlServerType, x: Sql): Sql {
  if (TEXTS.has(from.name) && !TEXTS.has(to.name)) return read(to, 'near', valueText(plainName(from), x))
  if (TEXTS.has(to.name)) {
    const text = valueText(plainName(from), x)
    const fits = fitsText(to, text)
    return fits === null ? intoText(to, text) : sql`CASE WHEN ${fits} THEN ${intoText(to, text)} END`
  }
  if (BYTES.has(to.name)) return fitBytes(to, x)
  return sql`TRY_CONVERT(${raw(castName(to))}, ${READINGS.has(to.name) ? asMoment(from, x) : x})`
}

function exactBetween(from: SqlServerType, to: SqlServerType, x: Sql): Sql {
  if (TEXTS.has(from.name) && !TEXTS.has(to.name)) return read(to, 'exact', valueText(plainName(from), x))
  const there = tryBetween(from, to, x)
  if (TEXTS.has(to.name)) {
    // the characters are the value, whichever code page has them
    const arrived = valueText(plainName(to), there)
    return sql`CASE WHEN ${equalContent(ANY_TEXT, arrived, valueText(plainName(from), x))} THEN ${there} END`
  }
  if (BYTES.has(to.name)) return there
  return sql`CASE WHEN ${equalContent(plainName(from), back(to, from, there), x)} THEN ${there} END`
}

const back = (from: SqlServerType, to: SqlServerType, x: Sql): Sql =>
  losesNothing(from, to) ? land(from, to, x) : tryBetween(from, to, x)

const losesNothing = (from: SqlServerType, to: SqlServerType): boolean =>
  findLoss(plainName(from), plainName(to)) === null

function cast(how: Reading): SqlKit['exactCast'] {
  return (source, target, x) => {
    const [from, to] = [findType(source), findType(target)]
    if (from === null || to === null) return sql`CAST(NULL AS ${catalogText(target)})`
    const loss = findLoss(source, target)
    if (loss === null) return land(from, to, x)
    if (loss.of === 'meaning') return nothing(to)
    return (how === 'exact' ? exactBetween : tryBetween)(from, to, x)
  }
}

export const exactCast: SqlKit['exactCast'] = cast('exact')
export const tryCast: SqlKit['tryCast'] = cast('near')
