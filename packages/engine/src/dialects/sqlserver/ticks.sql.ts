/** The precision of a position's type: a bound is floored to it, and lies a tick below, so that no later stamp meets it. */
import { catalogText, type Sql, sql } from '../sql-text.ts'
import { fractionOf } from './narrowing.ts'
import { findType, type SqlServerType } from './type-text.ts'

const raw = (n: number): Sql => catalogText(String(n))
const NANOSECONDS = 9
/** what a datetime2 has is not worth saying */
const FINE_DIGITS = 6
/** a datetime is rounded to a three-hundredth of a second: two of them, rounded up */
const TWO_DATETIMES_MS = 7
const MINUTES_FROM = sql`CONVERT(smalldatetime, N'19000101')`

function needTime(text: string): SqlServerType {
  const type = findType(text)
  if (type === null) throw new TypeError(`no time type: ${text}`)
  return type
}

const step = (type: SqlServerType): Sql => raw(10 ** (NANOSECONDS - fractionOf(type)))

/** `x`, a datetime2(7), or a datetimeoffset(7) of an instant: the greatest bound of the type that no stamp taken from then on can be at or below. */
export function belowTick(text: string, x: Sql): Sql {
  const type = needTime(text)
  switch (type.name) {
    case 'date':
      return sql`DATEADD(day, -1, CONVERT(date, ${x}))`
    // a stamp is rounded to the nearest minute: the least that it can become is the floor
    case 'smalldatetime':
      return sql`DATEADD(minute, DATEDIFF(minute, ${MINUTES_FROM}, ${x}) - 1, ${MINUTES_FROM})`
    case 'datetime':
      return sql`CONVERT(datetime, DATEADD(millisecond, -${raw(TWO_DATETIMES_MS)}, ${x}))`
    case 'datetime2':
    case 'datetimeoffset':
      return sql`CONVERT(${catalogText(type.name)}(${raw(fractionOf(type))}), DATEADD(nanosecond, -(DATEPART(nanosecond, ${x}) % ${step(type)}) - ${step(type)}, ${x}))`
    default:
      throw new TypeError(`no time type: ${text}`)
  }
}

/** When a bound of that type passes `x`, of the same type as above: a day, for one, has to be over. */
export function passedAt(text: string, x: Sql): Sql {
  const type = needTime(text)
  switch (type.name) {
    case 'date':
      return sql`DATEADD(day, 1, ${x})`
    case 'smalldatetime':
      return sql`DATEADD(minute, 1, ${x})`
    case 'datetime':
      return sql`DATEADD(millisecond, ${raw(2 * TWO_DATETIMES_MS)}, ${x})`
    default:
      return fractionOf(type) >= FINE_DIGITS ? x : sql`DATEADD(nanosecond, ${step(type)}, ${x})`
  }
}
