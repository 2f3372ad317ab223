import { UNFINISHED_RUN_STATES } from '@tidemark/contract/states'
import { int, text } from '../decode.ts'
import type { PruneStatements } from '../statements.ts'
import { attempt, effect } from './sql-parts.ts'

const UNFINISHED = UNFINISHED_RUN_STATES.map((state) => `'${state}'`).join(', ')

/** Ended before ?1. A superseded run ended when it was superseded, or never began. */
const OLD = `r.state not in (${UNFINISHED}) and coalesce(r.finished_at, r.created_at) < ?1`

/** Somebody still needs the run: what is told of the present refers to it. */
const NEEDED = `(
     r.seq in (select max(seq) from run group by flow, scope)
  or r.seq in (select max(seq) from run
                where (state in ('succeeded', 'succeeded_with_rejects')
                       or state = 'nothing_to_do' and coalesce(reason, '') not like 'held back by transaction%')
                  and coalesce(window_decided_by, '') not in ('period', 'retry')
                group by flow, scope)
  or r.id in (select run from watermark)
  or r.id in (select run from look)
  or r.id in (select run from unmatched where state = 'open')
  or r.id in (select run from reject where state = 'open')
)`

const GOING = `select r.id from run r where ${OLD} and not ${NEEDED}`

export const sqlitePrune: PruneStatements = {
  lock: () => null, // BEGIN IMMEDIATE is one
  cutoff: ({ keepMs }) => ({
    text: `select strftime('%Y-%m-%dT%H:%M:%fZ', 'now', printf('-%.3f seconds', ?1 / 1000.0)) as cutoff`,
    params: [keepMs],
    decode: (raw) => text(raw, 'cutoff'),
  }),
  count: ({ before }) => ({
    text: `select (select count(*) from (${GOING})) as runs,
                  (select count(*) from batch where run in (${GOING})) as batches,
                  (select count(*) from run r where ${OLD} and ${NEEDED}) as kept`,
    params: [before],
    decode: (raw) => ({ runs: int(raw, 'runs'), batches: int(raw, 'batches'), kept: int(raw, 'kept') }),
  }),
  deleteRemembered: ({ before }) => [
    effect(`delete from reject where state <> 'open' and run in (${GOING})`, [before]),
    effect(`delete from unmatched where state <> 'open' and run in (${GOING})`, [before]),
  ],
  deleteProgress: ({ before }) => [
    effect(`delete from batch where run in (${GOING})`, [before]),
    effect(`delete from step where run in (${GOING})`, [before]),
    effect(`delete from run_worker where run in (${GOING})`, [before]),
  ],
  deleteRuns: ({ before }) => effect(`delete from run where id in (${GOING})`, [before]),
  // one that was only just made may still get its first run
  deleteGroups: ({ before }) =>
    attempt(
      'delete from run_group where created_at < ?1 and not exists (select 1 from run where run_group = run_group.id) returning 1',
      [before],
    ),
  countGroups: ({ before }) => ({
    text: `select count(*) as groups from run_group g
            where g.created_at < ?1 and not exists (select 1 from run o where o.run_group = g.id and o.id not in (${GOING}))`,
    params: [before],
    decode: (raw) => int(raw, 'groups'),
  }),
}
