/**
 * What the statements of this folder share. Each names its tables with their schema: they rely on nothing that a
 * session was told before.
 */
import { COUNTS_IN_ORDER } from '../decode-rows.ts'

export { attempt, effect } from '../effect.ts'
export { jsonOf } from '../server/text-values.ts'

const asText = (time: string): string => `to_char(${time} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/** The database's clock, UTC with milliseconds: text that sorts as time does. It goes on while a statement waits. */
export const NOW = asText('clock_timestamp()')

/** When the statement began, on the same clock. */
export const BEGAN = asText('statement_timestamp()')

/** The clock plus, or less, the milliseconds in parameter `n`. */
export const nowPlusMs = (n: number): string =>
  asText(`(clock_timestamp() + $${n}::double precision * interval '1 millisecond')`)
export const nowLessMs = (n: number): string =>
  asText(`(clock_timestamp() - $${n}::double precision * interval '1 millisecond')`)

/** Milliseconds since the time in a column; 0 where it is null, or where the clock went back. */
export const msSince = (column: string): string =>
  `greatest(0, coalesce(round(extract(epoch from clock_timestamp() - ${column}::timestamptz) * 1000)::bigint, 0))`

/** `state` is one of the names in parameter `n`, made by `names`. */
export const stateIn = (n: number): string => `state = any(string_to_array($${n}::text, ','))`
export const names = (states: readonly string[]): string => states.join(',')

/** The same as text, for statements that run once a batch: the states come from the transition tables, so few texts. */
export const stateAmong = (states: readonly string[]): string => `state in ('${states.join(`', '`)}')`

/** `value` is among the texts of the JSON array in parameter `n`. */
export const amongTexts = (value: string, n: number): string =>
  `${value} in (select json_array_elements_text($${n}::json))`

/**
 * One row where the run in `run` is running and the token in parameter `n` is the one of its flow's present holder.
 * Run and lease stay so until the transaction ends, and always in this order: nobody waits in a circle.
 */
export const heldUnder = (run: string, n: number): string => `
  select r.id from tidemark.run r join tidemark.lease l on l.flow = r.flow and l.token = $${n}::bigint and l.worker is not null
   where r.id = ${run} and r.state = 'running'
     for no key update of r for share of l`

/** `rows_read = rows_read + $n, …`, for `countParams` from parameter `n` on. */
export const addCountsFrom = (n: number): string =>
  COUNTS_IN_ORDER.map((c, i) => `${c} = ${c} + $${n + i}::bigint`).join(', ')
/** `rows_read = coalesce($n, rows_read), …`: null leaves what is there. */
export const setCountsFrom = (n: number): string =>
  COUNTS_IN_ORDER.map((c, i) => `${c} = coalesce($${n + i}::bigint, ${c})`).join(', ')
