import { NO_ROWS } from '@tidemark/contract/row-counts'
import { parseRunId } from '@tidemark/contract/ids'
import { RUN_STATES } from '@tidemark/contract/states'
import { flag, oneOf, text } from '../decode.ts'
import { COUNT_COLUMNS, countParams, decodeRun, decodeRunStanding } from '../decode-rows.ts'
import type { RunStatements } from '../statements.ts'
import { addCountsFrom, attempt, effect, msSince, NOW, names, setCountsFrom, stateAmong, stateIn } from './sql-parts.ts'

const RUN = `select id, run_group, flow, scope, state, reason, lane, window_after, window_up_to, window_decided_by,
                    waiting_rows, waiting_until, ${COUNT_COLUMNS}, batches, batches_done, started_at, finished_at,
                    duration_ms + case when state = 'running' then ${msSince('attempt_started_at')} else 0 end as duration_ms,
                    error_code, error_message, actor, command, attempts, superseded_by, plan, captured
               from tidemark.run`

export const postgresRun: RunStatements = {
  insertGroup: ({ id, by }) =>
    attempt(
      `insert into tidemark.run_group (id, actor, command, reason) values ($1, $2, $3, $4)
           on conflict (id) do nothing returning 1`,
      [id, by.actor, by.command, by.reason],
    ),
  hasGroup: ({ id }) => attempt('select 1 from tidemark.run_group where id = $1', [id]),
  insert: (run) =>
    attempt(
      `insert into tidemark.run (id, run_group, flow, scope, state, lane, window_after, window_up_to, window_decided_by,
                                 waiting_rows, waiting_until, plan, actor, command, actor_reason)
       values ($1, $2, $3, $4, 'planned', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
           on conflict (id) do nothing
       returning 1`,
      [
        run.id,
        run.group,
        run.flow,
        run.scope,
        run.lane,
        run.window?.after ?? null,
        run.window?.upTo ?? null,
        run.window?.decidedBy ?? null,
        run.waiting?.rows ?? null,
        run.waiting?.until ?? null,
        run.plan,
        run.by.actor,
        run.by.command,
        run.by.reason,
      ],
    ),

  find: ({ id }) => ({ text: `${RUN} where id = $1`, params: [id], decode: decodeRun }),
  newest: ({ flow, scope }) => ({
    text: `${RUN} where flow = $1 and scope = $2 order by seq desc limit 1`,
    params: [flow, scope],
    decode: decodeRun,
  }),
  list: ({ flow, scope, group, state, limit }) => ({
    text: `${RUN}
            where ($1::text is null or flow = $1::text) and ($2::text is null or scope = $2::text)
              and ($3::text is null or run_group = $3::text) and ($4::text is null or state = $4::text)
            order by seq desc limit $5::bigint`,
    params: [flow ?? null, scope ?? null, group ?? null, state ?? null, limit],
    decode: decodeRun,
  }),
  // run first, lease second: as in `heldUnder`
  standing: ({ id, token }) => ({
    text: `with r as materialized (select flow, scope, state from tidemark.run where id = $1 for no key update),
                l as materialized (select expires_at from tidemark.lease
                                    where flow = (select flow from r) and token = $2::bigint and worker is not null
                                      for share)
           select r.flow, r.scope, r.state, l.expires_at is not null as held, coalesce(l.expires_at > ${NOW}, false) as live
             from r left join l on true`,
    params: [id, token],
    decode: decodeRunStanding,
  }),

  start: ({ id, states, token, worker }) =>
    attempt(
      `update tidemark.run
          set state = 'running', attempts = attempts + (state <> 'planned')::integer, worker = $3, token = $4::bigint,
              started_at = coalesce(started_at, ${NOW}), attempt_started_at = ${NOW}, finished_at = null,
              reason = null, error_code = null, error_message = null,
              cancel_requested_at = case when state = 'planned' then cancel_requested_at end,
              cancel_requested_by = case when state = 'planned' then cancel_requested_by end
        where id = $1 and ${stateIn(2)} returning 1`,
      [id, names(states), worker, token],
    ),
  setCaptured: ({ id, states, captured }) =>
    attempt(`update tidemark.run set captured = $3 where id = $1 and ${stateIn(2)} returning 1`, [
      id,
      names(states),
      captured,
    ]),
  addBatch: ({ id, states, rows }) =>
    attempt(
      `update tidemark.run set batches_done = batches_done + 1, ${addCountsFrom(2)}
        where id = $1 and ${stateAmong(states)} returning 1`,
      [id, ...countParams(rows)],
    ),
  end: ({ id, states, to, reason, error, rows }) =>
    attempt(
      `update tidemark.run
          set state = $3, reason = $4, error_code = $5, error_message = $6, finished_at = ${NOW},
              started_at = coalesce(started_at, ${NOW}), -- a run that found nothing looked, and that was when
              duration_ms = duration_ms + ${msSince('attempt_started_at')}, ${setCountsFrom(7)}
        where id = $1 and ${stateIn(2)} returning 1`,
      [id, names(states), to, reason, error?.code ?? null, error?.message ?? null, ...countParams(rows)],
    ),
  supersede: ({ id, states, supersededBy }) =>
    attempt(
      `update tidemark.run set state = 'superseded', superseded_by = $3, finished_at = coalesce(finished_at, ${NOW})
        where id = $1 and ${stateIn(2)} returning 1`,
      [id, names(states), supersededBy],
    ),
  inStates: ({ flow, scope, states }) => ({
    text: `select id, state from tidemark.run
            where flow = $1 and ($2::text is null or scope = $2::text) and ${stateIn(3)} order by seq for no key update`,
    params: [flow, scope, names(states)],
    decode: (raw) => ({ id: parseRunId(text(raw, 'id')), state: oneOf(raw, 'state', RUN_STATES) }),
  }),
  clearProgress: ({ id }) =>
    effect(
      `update tidemark.run set captured = null, batches = 0, batches_done = 0, ${setCountsFrom(2)} where id = $1`,
      [id, ...countParams(NO_ROWS)],
    ),
  requestCancel: ({ id, states, by }) =>
    attempt(
      `update tidemark.run set cancel_requested_at = coalesce(cancel_requested_at, ${NOW}),
                               cancel_requested_by = coalesce(cancel_requested_by, $3)
        where id = $1 and ${stateIn(2)} returning 1`,
      [id, names(states), by],
    ),
  cancelRequested: ({ id }) => ({
    text: 'select cancel_requested_at is not null as requested from tidemark.run where id = $1',
    params: [id],
    decode: (raw) => flag(raw, 'requested'),
  }),
}
