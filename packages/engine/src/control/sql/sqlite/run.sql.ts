import { NO_ROWS } from '@tidemark/contract/row-counts'
import { parseRunId } from '@tidemark/contract/ids'
import { RUN_STATES } from '@tidemark/contract/states'
import { flag, oneOf, text } from '../decode.ts'
import { COUNT_COLUMNS, countParams, decodeRun, decodeRunStanding } from '../decode-rows.ts'
import type { RunStatements } from '../statements.ts'
import { addCountsFrom, attempt, effect, msSince, NOW, names, setCountsFrom, stateAmong, stateIn } from './sql-parts.ts'

const RUN = `select id, run_group, flow, scope, state, reason, lane, window_after, window_up_to, window_decided_by,
                    waiting_rows, waiting_until, ${COUNT_COLUMNS}, batches, batches_done, started_at, finished_at,
                    duration_ms + iif(state = 'running', ${msSince('attempt_started_at')}, 0) as duration_ms,
                    error_code, error_message, actor, command, attempts, superseded_by, plan, captured
               from run`

export const sqliteRun: RunStatements = {
  insertGroup: ({ id, by }) =>
    attempt(
      `insert into run_group (id, actor, command, reason) values (?1, ?2, ?3, ?4) on conflict (id) do nothing returning 1`,
      [id, by.actor, by.command, by.reason],
    ),
  hasGroup: ({ id }) => attempt('select 1 from run_group where id = ?1', [id]),
  insert: (run) =>
    attempt(
      `insert into run (id, run_group, flow, scope, state, lane, window_after, window_up_to, window_decided_by,
                        waiting_rows, waiting_until, plan, actor, command, actor_reason)
       values (?1, ?2, ?3, ?4, 'planned', ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
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

  find: ({ id }) => ({ text: `${RUN} where id = ?1`, params: [id], decode: decodeRun }),
  newest: ({ flow, scope }) => ({
    text: `${RUN} where flow = ?1 and scope = ?2 order by seq desc limit 1`,
    params: [flow, scope],
    decode: decodeRun,
  }),
  list: ({ flow, scope, group, state, limit }) => ({
    text: `${RUN}
            where (?1 is null or flow = ?1) and (?2 is null or scope = ?2)
              and (?3 is null or run_group = ?3) and (?4 is null or state = ?4)
            order by seq desc limit ?5`,
    params: [flow ?? null, scope ?? null, group ?? null, state ?? null, limit],
    decode: decodeRun,
  }),
  standing: ({ id, token }) => ({
    text: `select r.flow, r.scope, r.state,
                  l.token is not null as held,
                  coalesce(l.expires_at > ${NOW}, 0) as live
             from run r
             left join lease l on l.flow = r.flow and l.token = ?2 and l.worker is not null
            where r.id = ?1`,
    params: [id, token],
    decode: decodeRunStanding,
  }),

  start: ({ id, states, token, worker }) =>
    attempt(
      `update run
          set state = 'running', attempts = attempts + (state <> 'planned'), worker = ?3, token = ?4,
              started_at = coalesce(started_at, ${NOW}), attempt_started_at = ${NOW}, finished_at = null,
              reason = null, error_code = null, error_message = null,
              cancel_requested_at = iif(state = 'planned', cancel_requested_at, null),
              cancel_requested_by = iif(state = 'planned', cancel_requested_by, null)
        where id = ?1 and ${stateIn(2)} returning 1`,
      [id, names(states), worker, token],
    ),
  setCaptured: ({ id, states, captured }) =>
    attempt(`update run set captured = ?3 where id = ?1 and ${stateIn(2)} returning 1`, [id, names(states), captured]),
  addBatch: ({ id, states, rows }) =>
    attempt(
      `update run set batches_done = batches_done + 1, ${addCountsFrom(2)} where id = ?1 and ${stateAmong(states)} returning 1`,
      [id, ...countParams(rows)],
    ),
  end: ({ id, states, to, reason, error, rows }) =>
    attempt(
      `update run
          set state = ?3, reason = ?4, error_code = ?5, error_message = ?6, finished_at = ${NOW},
              started_at = coalesce(started_at, ${NOW}), -- a run that found nothing looked, and that was when
              duration_ms = duration_ms + ${msSince('attempt_started_at')}, ${setCountsFrom(7)}
        where id = ?1 and ${stateIn(2)} returning 1`,
      [id, names(states), to, reason, error?.code ?? null, error?.message ?? null, ...countParams(rows)],
    ),
  supersede: ({ id, states, supersededBy }) =>
    attempt(
      `update run set state = 'superseded', superseded_by = ?3, finished_at = coalesce(finished_at, ${NOW})
        where id = ?1 and ${stateIn(2)} returning 1`,
      [id, names(states), supersededBy],
    ),
  inStates: ({ flow, scope, states }) => ({
    text: `select id, state from run where flow = ?1 and (?2 is null or scope = ?2) and ${stateIn(3)} order by seq`,
    params: [flow, scope, names(states)],
    decode: (raw) => ({ id: parseRunId(text(raw, 'id')), state: oneOf(raw, 'state', RUN_STATES) }),
  }),
  clearProgress: ({ id }) =>
    effect(`update run set captured = null, batches = 0, batches_done = 0, ${setCountsFrom(2)} where id = ?1`, [
      id,
      ...countParams(NO_ROWS),
    ]),
  requestCancel: ({ id, states, by }) =>
    attempt(
      `update run set cancel_requested_at = coalesce(cancel_requested_at, ${NOW}),
                      cancel_requested_by = coalesce(cancel_requested_by, ?3)
        where id = ?1 and ${stateIn(2)} returning 1`,
      [id, names(states), by],
    ),
  cancelRequested: ({ id }) => ({
    text: 'select cancel_requested_at is not null as requested from run where id = ?1',
    params: [id],
    decode: (raw) => flag(raw, 'requested'),
  }),
}
