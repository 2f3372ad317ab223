import { UNFINISHED_RUN_STATES } from '@tidemark/contract/states'
import { int, text } from '../decode.ts'
import type { PruneStatements } from '../statements.ts'
import { attempt, effect, nowLessMs, stateAmong } from './sql-parts.ts'

/** Ended before @p1. A superseded run ended when it was superseded, or never began. */
const OLD = `not r.${stateAmong(UNFINISHED_RUN_STATES)} and coalesce(r.finished_at, r.created_at) < @p1`

/** Somebody still needs the run: what is told of the present refers to it. */
const NEEDED = `(
     r.seq in (select max(seq) from tidemark.run group by flow, scope)
  or r.seq in (select max(seq) from tidemark.run
                where (state in (N'succeeded', N'succeeded_with_rejects')
                       or state = N'nothing_to_do' and coalesce(reason, N'') not like N'held back by transaction%')
                  and coalesce(window_decided_by, N'') not in (N'period', N'retry')
                group by flow, scope)
  or r.id in (select run from tidemark.watermark)
  or r.id in (select run from tidemark.look)
  or r.id in (select run from tidemark.unmatched where state = N'open')
  or r.id in (select run from tidemark.reject where state = N'open')
)`

const GOING = `select r.id from tidemark.run r where ${OLD} and not ${NEEDED}`

export const sqlServerPrune: PruneStatements = {
  // Each statement looks anew, and all must find the same runs. A shared lock of the table would let in those that lock a
  // row to change it, and wait for them in a circle. TOP (1) opens the table, which is what locks it, and reads no further.
  lock: () =>
    effect(
      `declare @run bigint, @reject bigint;
       select top (1) @run = seq from tidemark.run with (tablockx, holdlock);
       select top (1) @reject = id from tidemark.reject with (tablockx, holdlock)`,
      [],
    ),
  cutoff: ({ keepMs }) => ({
    text: `select ${nowLessMs(1)} as cutoff`,
    params: [Math.round(keepMs)],
    decode: (raw) => text(raw, 'cutoff'),
  }),
  count: ({ before }) => ({
    text: `select (select count(*) from (${GOING}) g) as runs,
                  (select count(*) from tidemark.batch where run in (${GOING})) as batches,
                  (select count(*) from tidemark.run r where ${OLD} and ${NEEDED}) as kept`,
    params: [before],
    decode: (raw) => ({ runs: int(raw, 'runs'), batches: int(raw, 'batches'), kept: int(raw, 'kept') }),
  }),
  deleteRemembered: ({ before }) => [
    effect(`delete from tidemark.reject where state <> N'open' and run in (${GOING})`, [before]),
    effect(`delete from tidemark.unmatched where state <> N'open' and run in (${GOING})`, [before]),
  ],
  deleteProgress: ({ before }) => [
    effect(`delete from tidemark.batch where run in (${GOING})`, [before]),
    effect(`delete from tidemark.step where run in (${GOING})`, [before]),
    effect(`delete from tidemark.run_worker where run in (${GOING})`, [before]),
  ],
  deleteRuns: ({ before }) => effect(`delete from tidemark.run where id in (${GOING})`, [before]),
  // one that was only just made may still get its first run
  deleteGroups: ({ before }) =>
    attempt(
      `delete g output deleted.id
         from tidemark.run_group g
        where g.created_at < @p1 and not exists (select 1 from tidemark.run o where o.run_group = g.id)`,
      [before],
    ),
  countGroups: ({ before }) => ({
    text: `select count(*) as groups from tidemark.run_group g
            where g.created_at < @p1
              and not exists (select 1 from tidemark.run o where o.run_group = g.id and o.id not in (${GOING}))`,
    params: [before],
    decode: (raw) => int(raw, 'groups'),
  }),
}
