/** The small table that tests of flat flows share: `src (id, name, modified_on)`, stamped long ago unless said otherwise. */
import type { World } from './world.ts'

export const TABLE = 'CREATE TABLE src (id BIGINT, name VARCHAR, modified_on TIMESTAMP)'

/** A time of 2020: `at(3)` is three seconds after its first. */
export const at = (seconds: number): string =>
  Temporal.PlainDateTime.from('2020-01-01T00:00:00')
    .add({ seconds })
    .toString({ fractionalSecondDigits: 0 })
    .replace('T', ' ')

export const row = (id: number, name: string, stamp: string | null): string =>
  `INSERT INTO src VALUES (${id}, '${name}', ${stamp === null ? 'NULL' : `TIMESTAMP '${stamp}'`})`

/** `count` rows, ids from 0, one a second. */
export const rows = (count: number): string =>
  `INSERT INTO src SELECT i, 'n' || i, TIMESTAMP '2020-01-01' + to_seconds(i) FROM range(${count}) t(i)`

/** Key and name of every row in the target. */
export const delivered = (w: World): Promise<readonly (readonly (string | null)[])[]> =>
  w.targetRows('SELECT id, name FROM dst ORDER BY id, name')

export const ids = async (w: World): Promise<readonly number[]> =>
  (await w.targetRows('SELECT id FROM dst ORDER BY id')).map(([id]) => Number(id))

/** One microsecond before a time, as a window's end lies before its ceiling. */
export const justBefore = (time: string): string =>
  Temporal.PlainDateTime.from(time.replace(' ', 'T'))
    .subtract({ microseconds: 1 })
    .toString({ fractionalSecondDigits: 6 })
    .replace('T', ' ')
