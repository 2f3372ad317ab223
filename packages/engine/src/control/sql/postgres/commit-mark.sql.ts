/**
 * Whether a commit that was not answered took place. The number of a transaction cannot tell: after a crash the server
 * gives the numbers of those that it lost to others. So each transaction that writes begins by writing its own number
 * into the row of its connection.
 */
import type { Statement } from '../../store-session.ts'
import { count } from '../decode.ts'
import { effect, NOW, nowLessMs } from './sql-parts.ts'

const A_DAY_MS = 86_400_000

/** As text, because it goes along with BEGIN: the writer is a UUID of our own making. */
export const mark = (writer: string, number: number): string =>
  `insert into tidemark.commit_mark (writer, number) values ('${writer}', ${number})
       on conflict (writer) do update set number = excluded.number, at = ${NOW}`

/** The number of its newest transaction that committed; 0: none did. Waits for the one that may still be at it. */
export const newestMark = (writer: string): Statement<bigint> => ({
  text: `insert into tidemark.commit_mark as m (writer, number) values ($1, 0)
             on conflict (writer) do update set number = m.number returning number`,
  params: [writer],
  decode: (raw) => count(raw, 'number'),
})

/** With those of connections that ended without a word. */
export const removeMark = (writer: string) =>
  effect(`delete from tidemark.commit_mark where writer = $1 or at < ${nowLessMs(2)}`, [writer, A_DAY_MS])
