import { UNFINISHED_RUN_STATES } from '@tidemark/contract/states'
import { int, text } from '../decode.ts'
import type { PruneStatements } from '../statements.ts'
import { attempt, effect, nowLessMs } from './sql-parts.ts'

const UNFINISHED = UNFINISHED_RUN_STATES.map((state) => `'${state}'`).join(', ')

/** Ended before $1. A superseded run ended when it was superseded, or never began. */
const OLD = `r.state not in (${UNFINISHED}) and coalesce(r.finished_at, r.created_at) < $1::text`

/** Somebody still needs the run: what is told of the present refers to it. */
const NEEDED = `(
     r.seq in (select max(seq) from tidemark.run group by flow, scope)
  or r.seq in (select max(seq) from tidemark.run
                where (state in ('succeeded', 'succeeded_with_rejects')
                       or state = 'nothing_to_do' and coalesce(reason, '') not like 'held back by transaction%')
                  and coalesce(window_decided_by, '') not in ('period', 'retry')
                group by flow, scope)
  or r.id in (select run from tidemark.watermark)
  or r.id in (select run from tidemark.look)
  or r.id in (select run from tidemark.unmatched where state = 'open')
  or r.id in (select run from tidemark.reject where state = 'open')
)`

const GOING = `select r.id from tidemark.run r where ${OLD} and not ${NEEDED}`

export const postgresPrune: PruneStatements = {
  // each statement looks anew, and all must find the same runs; those who only read are not kept waiting
  lock: () => effect('lock table tidemark.run, tidemark.reject in exclusive mode', []),
  cutoff: ({ keepMs }) => ({
    text: `select ${nowLessMs(1)} as cutoff`,
    params: [keepMs],
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
    effect(`delete from tidemark.reject where state <> 'open' and run in (${GOING})`, [before]),
    effect(`delete from tidemark.unmatched where state <> 'open' and run in (${GOING})`, [before]),
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
      `delete from tidemark.run_group g
        where g.created_at < $1::text and not exists (select from tidemark.run o where o.run_group = g.id) returning 1`,
      [before],
    ),
  countGroups: ({ before }) => ({
    text: `select count(*) as groups from tidemark.run_group g
            where g.created_at < $1::text
              and not exists (select from tidemark.run o where o.run_group = g.id and o.id not in (${GOING}))`,
    params: [before],
    decode: (raw) => int(raw, 'groups'),
  }),
}
