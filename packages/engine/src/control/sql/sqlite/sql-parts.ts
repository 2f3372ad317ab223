/** What the statements of this folder share: the clock, the counts, compare-and-set by state. */
import { COUNTS_IN_ORDER } from '../decode-rows.ts'

export { attempt, effect } from '../effect.ts'

/** The store's clock, UTC with milliseconds: text that sorts as time does. One moment within a statement. */
export const NOW = `strftime('%Y-%m-%dT%H:%M:%fZ', 'now')`

/** The clock plus the milliseconds in parameter `n`. */
export const nowPlusMs = (n: number): string =>
  `strftime('%Y-%m-%dT%H:%M:%fZ', 'now', printf('+%.3f seconds', ?${n} / 1000.0))`

/** Milliseconds since the time in a column; 0 where it is null, or where the clock went back. */
export const msSince = (column: string): string =>
  `max(0, coalesce(cast(round((unixepoch('now', 'subsec') - unixepoch(${column}, 'subsec')) * 1000) as integer), 0))`

/** `state` is one of the names in parameter `n`, made by `names`. */
export const stateIn = (n: number): string => `state in (select value from json_each(?${n}))`
export const names = (states: readonly string[]): string => JSON.stringify(states)

/** The same as text, for statements that run once a batch: the states come from the transition tables, so few texts. */
export const stateAmong = (states: readonly string[]): string => `state in ('${states.join(`', '`)}')`

/** The run is running, and the token in parameter `n` is the one of its flow's present holder. */
export const heldUnder = (run: string, n: number): string =>
  `exists (select 1 from run r join lease l on l.flow = r.flow and l.token = ?${n} and l.worker is not null
            where r.id = ${run} and r.state = 'running')`

/** `rows_read = rows_read + ?n, …`, for `countParams` from parameter `n` on. */
export const addCountsFrom = (n: number): string => COUNTS_IN_ORDER.map((c, i) => `${c} = ${c} + ?${n + i}`).join(', ')
/** `rows_read = coalesce(?n, rows_read), …`: null leaves what is there. */
export const setCountsFrom = (n: number): string =>
  COUNTS_IN_ORDER.map((c, i) => `${c} = coalesce(?${n + i}, ${c})`).join(', ')
