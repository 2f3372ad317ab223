import { count } from '../decode.ts'
import type { MarkStatements } from '../server/server-kit.ts'
import { effect, NOW, nowLessMs } from './sql-parts.ts'

const A_DAY_MS = 86_400_000

export const sqlServerMarks: MarkStatements = {
  mark: (writer, number) => `
update tidemark.commit_mark set number = ${number}, [at] = ${NOW} where writer = N'${writer}';
if @@rowcount = 0 insert into tidemark.commit_mark (writer, number) values (N'${writer}', ${number})`,
  // an update: it waits for whoever holds the row, where a read might see the version before
  newest: (writer) => ({
    text: 'update tidemark.commit_mark set number = number output inserted.number where writer = @p1',
    params: [writer],
    decode: (raw) => count(raw, 'number'),
  }),
  // those of connections at work are locked, and young
  remove: (writer) =>
    effect(
      `delete from tidemark.commit_mark with (readpast, rowlock, readcommittedlock)
             where writer = @p1 or [at] < ${nowLessMs(2)}`,
      [writer, A_DAY_MS],
    ),
}
