/**
 * The shortest digits of a float that read back as the value, the nearest of them, as docs/canonical-text.md wants them. The
 * server writes 17 digits (style 3) and no fewer, so fewer are tried: whichever of the two on either side of the value read
 * back as it. Of two that do the nearer one is taken, which 17 digits tell but where they end half-way; there the value is
 * compared with what lies half-way in whole numbers, which decimals of 38 digits allow from 1e-15 up to 1e46. Beyond, and
 * for values so small that they have lost digits, which the server's own range leaves out, the statement fails. The last of
 * 17 digits is compared too: a value that is half-way between two of them takes the even one, however the server rounds.
 */
import { catalogText, type Sql, sql } from '../sql-text.ts'

interface Width {
  readonly type: string
  /** digits that every decimal survives, and those that every value needs at most */
  readonly from: number
  readonly to: number
  readonly least: string
}
const WIDTHS: Readonly<Record<'real' | 'float', Width>> = {
  real: { type: 'real', from: 6, to: 9, least: '1.1754944E-38' },
  float: { type: 'float', from: 15, to: 17, least: '2.2250738585072014E-308' },
}
const MOST = 17

const raw = (text: string | number | bigint): Sql => catalogText(String(text))

/** What a statement fails with: a text that is no number. */
const fail = (about: string): Sql => sql`CONVERT(int, N'${raw(about)}' + CONVERT(nvarchar(2), k.places))`

const big = (x: Sql): Sql => sql`CONVERT(decimal(38,0), ${x})`
/** `base ** n`, exact: POWER itself is one of doubles. */
const power = (base: number, n: Sql): Sql => {
  const half = (of: Sql): Sql => big(sql`POWER(CONVERT(bigint, ${raw(base)}), ${of})`)
  return sql`${half(sql`${n} / 2`)} * ${half(sql`${n} - ${n} / 2`)}`
}
const positive = (n: Sql): Sql => sql`CASE WHEN ${n} > 0 THEN ${n} ELSE 0 END`

/** 52 bits of the mantissa, after 11 of the exponent, which is 1075 more than that of its last bit; a long literal is a decimal */
const MANTISSA = sql`CONVERT(bigint, ${raw(1n << 52n)})`

/** −1, 0 or 1: the value `x`, a float, is below, at or above the number of its 17 digits and `halves` halves of the last. */
function besideDigits(x: Sql, halves: -1 | 0 | 1): Sql {
  const bits = sql`CONVERT(bigint, CONVERT(binary(8), ABS(${x})))`
  const [q, s] = [sql`b.q`, sql`b.s`]
  const value = sql`b.mantissa * ${power(5, positive(sql`-${q}`))} * ${power(2, positive(s))}`
  const digits = sql`b.digits * ${power(5, positive(q))} * ${power(2, positive(sql`-${s}`))}`
  return sql`(SELECT CONVERT(int, SIGN(${value} - ${digits})) FROM (SELECT ${big(sql`(a.bits % ${MANTISSA} + ${MANTISSA}) * 2`)} AS mantissa, ${big(sql`k.digits * 2 + ${raw(halves)}`)} AS digits, a.q, CONVERT(int, a.bits / ${MANTISSA}) - 1075 - a.q AS s FROM (SELECT ${bits} AS bits, k.exponent - 16 AS q) AS a) AS b)`
}

/** Digits `d.d` without zeros at their end, whose first has the place `d.e`. */
const LAID_OUT = sql`CASE
  WHEN d.e >= 16 OR d.e < -4 THEN LEFT(d.d, 1) + CASE WHEN LEN(d.d) > 1 THEN N'.' + SUBSTRING(d.d, 2, 20) ELSE N'' END + N'e' + CONVERT(nvarchar(5), d.e)
  WHEN d.e < 0 THEN N'0.' + REPLICATE(N'0', -d.e - 1) + d.d
  WHEN LEN(d.d) <= d.e + 1 THEN d.d + REPLICATE(N'0', d.e + 1 - LEN(d.d))
  ELSE LEFT(d.d, d.e + 1) + N'.' + SUBSTRING(d.d, d.e + 2, 20) END`

/** nvarchar; NULL stays NULL. */
export function floatText(name: 'real' | 'float', x: Sql): Sql {
  const { type, from, to, least } = WIDTHS[name]
  const wide = sql`CONVERT(float, ${x})`
  const places = Array.from({ length: to - from + 1 }, (_, i) => from + i)
    .map((n) => `(${n}, CONVERT(bigint, 1${'0'.repeat(MOST - n)}))`)
    .join(', ')
  const digits = sql`SELECT CONVERT(bigint, STUFF(LEFT(w.t, 18), 2, 1, N'')) AS digits, CONVERT(int, RTRIM(SUBSTRING(w.t, 20, 5))) AS exponent FROM (SELECT LTRIM(CONVERT(nvarchar(30), ABS(${wide}), 3)) AS t) AS w`
  const readsBack = sql`TRY_CONVERT(${raw(type)}, CONVERT(nvarchar(20), c.n) + N'e' + CONVERT(nvarchar(6), g.exponent - p.places + 1)) = ABS(${x})`
  const shortest = sql`SELECT TOP (1) p.places, p.unit, g.digits, g.exponent, MIN(c.n) AS low, MAX(c.n) AS high
FROM (${digits}) AS g CROSS JOIN (VALUES ${raw(places)}) AS p(places, unit) CROSS APPLY (VALUES (g.digits / p.unit), (g.digits / p.unit + 1)) AS c(n)
WHERE ${readsBack} GROUP BY p.places, p.unit, g.digits, g.exponent ORDER BY p.places`
  const half = sql`CASE WHEN k.exponent NOT BETWEEN -15 AND 45 THEN ${fail('no shortest digits are known of a value between two that are as near, of ')} ELSE ${besideDigits(wide, 0)} END`
  // a value of 18 digits, which is one that is half-way, is not so far from 1
  const even = sql`CASE WHEN k.digits % 2 = 0 OR k.exponent NOT BETWEEN -10 AND 41 THEN 0 WHEN ${besideDigits(wide, -1)} = 0 THEN -1 WHEN ${besideDigits(wide, 1)} = 0 THEN 1 ELSE 0 END`
  const nearest = sql`CASE WHEN k.unit = 1 THEN k.digits + ${even} WHEN k.low = k.high OR k.digits % k.unit * 2 < k.unit THEN k.low WHEN k.digits % k.unit * 2 > k.unit THEN k.high ELSE k.low + CASE ${half} WHEN -1 THEN 0 WHEN 1 THEN 1 ELSE k.low % 2 END END`
  const placed = sql`SELECT REPLACE(RTRIM(REPLACE(CONVERT(nvarchar(20), n.n), N'0', N' ')), N' ', N'0') AS d, n.exponent + LEN(CONVERT(nvarchar(20), n.n)) - n.places AS e FROM (SELECT ${nearest} AS n, k.exponent, k.places FROM (${shortest}) AS k) AS n`
  const zero = sql`CASE WHEN CONVERT(binary(8), ${wide}) = 0x0000000000000000 THEN N'0' ELSE N'-0' END`
  const tooSmall = sql`CASE WHEN ABS(${x}) < ${raw(least)} THEN CONVERT(nvarchar(1), CONVERT(int, N'no shortest digits are known of so small a value' + LEFT(CONVERT(nvarchar(30), ${x}), 0))) ELSE N'' END`
  return sql`CASE WHEN ${x} = 0 THEN ${zero} WHEN ${x} <> 0 THEN (SELECT CASE WHEN ${x} < 0 THEN N'-' ELSE N'' END + ${tooSmall} + ${LAID_OUT} FROM (${placed}) AS d) END`
}
