/**
 * What the statements of this folder share. Each names its tables with their schema. One that has several parts begins
 * with DECLARE, so it is taken for one that writes; its rows are those of its last SELECT, or of OUTPUT.
 */
import { COUNTS_IN_ORDER } from '../decode-rows.ts'

export { attempt, effect } from '../effect.ts'
export { jsonOf } from '../server/text-values.ts'

/** Of every text in the store. What a function or a variable gives has the database's own. */
export const BINARY = 'collate Latin1_General_100_BIN2'

const asText = (time: string): string =>
  `(stuff(convert(nvarchar(23), cast(${time} as datetime2(3)), 121), 11, 1, N'T') + N'Z')`

/**
 * The database's clock, UTC with milliseconds: text that sorts as time does. It stands still within a statement, also while
 * that waits: so whatever a wait decides about is locked by a statement before.
 */
export const NOW = asText('sysutcdatetime()')

const ms = (n: number): string => `cast(@p${n} as bigint)`
/** in two parts: DATEADD takes an int */
const shifted = (n: number, sign: '' | '-'): string =>
  asText(
    `dateadd(millisecond, ${sign}(${ms(n)} % 60000), dateadd(minute, ${sign}(${ms(n)} / 60000), sysutcdatetime()))`,
  )

/** The clock plus, or less, the milliseconds in parameter `n`: a whole number. */
export const nowPlusMs = (n: number): string => shifted(n, '')
export const nowLessMs = (n: number): string => shifted(n, '-')

/** Milliseconds since the time in a column; 0 where it is null, no time, or the clock went back. */
export function msSince(column: string): string {
  const since = `datediff_big(millisecond, try_convert(datetime2(3), left(${column}, 23), 126), sysutcdatetime())`
  return `coalesce(case when ${since} < 0 then 0 else ${since} end, 0)`
}

export const bigint = (n: number): string => `cast(@p${n} as bigint)`
export const int = (n: number): string => `cast(@p${n} as int)`

/** The states come from the transition tables, so there are few texts. */
export const stateAmong = (states: readonly string[]): string =>
  `state in (${states.map((state) => `N'${state}'`).join(', ')})`

/** As `key_hash` is computed. */
export const hashOf = (key: string): string => `cast(hashbytes('SHA2_256', ${key}) as binary(32))`

/** The key is among the texts of the JSON array in parameter `n`. */
export const keyAmong = (n: number): string =>
  `key_hash in (select ${hashOf('cast(j.value as nvarchar(max))')} from openjson(@p${n}) j)`

/** Equal, or both null, and to the last blank. */
export const same = (column: string, n: number): string =>
  `exists (select cast(${column} as varbinary(max)) intersect select cast(@p${n} as varbinary(max)))`

/**
 * Sets `@held` where the run in `run` is running and the token in parameter `n` is the one of its flow's present holder.
 * Run and lease stay so until the transaction ends, and always in this order: nobody waits in a circle. These hints read
 * what is committed now, and wait for who changes it, under READ_COMMITTED_SNAPSHOT too.
 */
export const hold = (run: string, n: number): string => `
declare @flow nvarchar(127), @held bit = 0;
select @flow = flow from tidemark.run with (updlock, rowlock) where id = ${run} and state = N'running';
select @held = 1 from tidemark.lease with (repeatableread, rowlock)
 where flow = @flow and token = ${bigint(n)} and worker is not null;
`

/**
 * OUTPUT of a table with triggers gives its rows to a table alone: `DONE` stands where OUTPUT does, in a text given to
 * `telling`.
 */
export const DONE = 'output 1 into @done (one)'
export const telling = (text: string): string =>
  `declare @done table (one int not null);\n${text};\nselect one from @done`

/** Looks for a row that another may be about to insert, and keeps its place until the transaction ends. */
export const KEEPING_PLACE = 'with (updlock, holdlock, rowlock)'

/** `rows_read = rows_read + @pn, …`, for `countParams` from parameter `n` on. */
export const addCountsFrom = (n: number): string =>
  COUNTS_IN_ORDER.map((c, i) => `${c} = ${c} + ${bigint(n + i)}`).join(', ')
/** `rows_read = coalesce(@pn, rows_read), …`: null leaves what is there. */
export const setCountsFrom = (n: number): string =>
  COUNTS_IN_ORDER.map((c, i) => `${c} = coalesce(${bigint(n + i)}, ${c})`).join(', ')
