import type { Statement } from '../../store-session.ts'
import { count } from '../decode.ts'
import { effect, NOW, nowLessMs } from './sql-parts.ts'

const A_DAY_MS = 86_400_000

export const mark = (writer: string, number: number): string =>
  `insert into tidemark.commit_mark (writer, number) values ('${writer}', ${number})
       on conflict (writer) do update set number = excluded.number, at = ${NOW}`

export const newestMark = (writer: string): Statement<bigint> => ({
  text: `insert into tidemark.commit_mark as m (writer, number) values ($1, 0)
             on conflict (writer) do update set number = m.number returning number`,
  params: [writer],
  decode: (raw) => count(raw, 'number'),
})

export const removeMark = (writer: string) =>
  effect(`delete from tidemark.commit_mark where writer = $1 or at < ${nowLessMs(2)}`, [writer, A_DAY_MS])
