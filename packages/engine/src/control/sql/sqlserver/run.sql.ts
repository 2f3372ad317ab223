import { NO_ROWS } from '@tidemark/contract/row-counts'
import { parseRunId } from '@tidemark/contract/ids'
import { RUN_STATES } from '@tidemark/contract/states'
import type { StoreValue } from '../../store-session.ts'
import { flag, oneOf, text } from '../decode.ts'
import { COUNT_COLUMNS, countParams, decodeRun, decodeRunStanding } from '../decode-rows.ts'
import type { RunStatements } from '../statements.ts'
import {
  addCountsFrom,
  attempt,
  bigint,
  BINARY,
  effect,
  KEEPING_PLACE,
  msSince,
  NOW,
  setCountsFrom,
  stateAmong,
} from './sql-parts.ts'

const RUN = `id, run_group, flow, scope, state, reason, lane, window_after, window_up_to, window_decided_by,
                    waiting_rows, waiting_until, ${COUNT_COLUMNS}, batches, batches_done, started_at, finished_at,
                    duration_ms + case when state = N'running' then ${msSince('attempt_started_at')} else 0 end as duration_ms,
                    error_code, error_message, actor, command, attempts, superseded_by, [plan], captured
               from tidemark.run`

export const sqlServerRun: RunStatements = {
  insertGroup: ({ id, by }) =>
    attempt(
      `insert into tidemark.run_group (id, actor, command, reason)
       output inserted.id
       select @p1, @p2, @p3, @p4
        where not exists (select 1 from tidemark.run_group ${KEEPING_PLACE} where id = @p1)`,
      [id, by.actor, by.command, by.reason],
    ),
  hasGroup: ({ id }) => attempt('select 1 as one from tidemark.run_group where id = @p1', [id]),
  insert: (run) =>
    attempt(
      `insert into tidemark.run (id, run_group, flow, scope, state, lane, window_after, window_up_to, window_decided_by,
                                 waiting_rows, waiting_until, [plan], actor, command, actor_reason)
       output inserted.id
       select @p1, @p2, @p3, @p4, N'planned', @p5, @p6, @p7, @p8, ${bigint(9)}, @p10, @p11, @p12, @p13, @p14
        where not exists (select 1 from tidemark.run ${KEEPING_PLACE} where id = @p1)`,
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

  find: ({ id }) => ({ text: `select ${RUN} where id = @p1`, params: [id], decode: decodeRun }),
  newest: ({ flow, scope }) => ({
    text: `select top (1) ${RUN} where flow = @p1 and scope = @p2 order by seq desc`,
    params: [flow, scope],
    decode: decodeRun,
  }),
  list: ({ flow, scope, group, state, limit }) => {
    const wanted: readonly (readonly [string, StoreValue | undefined])[] = [
      ['flow', flow],
      ['scope', scope],
      ['run_group', group],
      ['state', state],
    ]
    const given = wanted.flatMap(([column, value]) => (value === undefined ? [] : [{ column, value }]))
    const narrowed = given.map(({ column }, i) => `${column} = @p${i + 2}`)
    return {
      text: `select top (${bigint(1)}) ${RUN}${narrowed.length === 0 ? '' : ` where ${narrowed.join(' and ')}`}
              order by seq desc`,
      params: [limit, ...given.map(({ value }) => value)],
      decode: decodeRun,
    }
  },
  // run first, lease second: as in `hold`
  standing: ({ id, token }) => ({
    text: `declare @flow nvarchar(127), @scope nvarchar(700), @state nvarchar(30), @expires nvarchar(30);
           select @flow = flow, @scope = scope, @state = state from tidemark.run with (updlock, rowlock) where id = @p1;
           if @p2 is not null
             select @expires = expires_at from tidemark.lease with (repeatableread, rowlock)
              where flow = @flow and token = ${bigint(2)} and worker is not null;
           select @flow as flow, @scope as scope, @state as state,
                  case when @expires is not null then 1 else 0 end as held,
                  case when @expires ${BINARY} > ${NOW} then 1 else 0 end as live
            where @flow is not null`,
    params: [id, token],
    decode: decodeRunStanding,
  }),

  start: ({ id, states, token, worker }) =>
    attempt(
      `update tidemark.run
          set state = N'running', attempts = attempts + case when state = N'planned' then 0 else 1 end,
              worker = @p2, token = ${bigint(3)},
              started_at = coalesce(started_at, ${NOW}), attempt_started_at = ${NOW}, finished_at = null,
              reason = null, error_code = null, error_message = null,
              cancel_requested_at = case when state = N'planned' then cancel_requested_at end,
              cancel_requested_by = case when state = N'planned' then cancel_requested_by end
       output inserted.id
        where id = @p1 and ${stateAmong(states)}`,
      [id, worker, token],
    ),
  setCaptured: ({ id, states, captured }) =>
    attempt(`update tidemark.run set captured = @p2 output inserted.id where id = @p1 and ${stateAmong(states)}`, [
      id,
      captured,
    ]),
  addBatch: ({ id, states, rows }) =>
    attempt(
      `update tidemark.run set batches_done = batches_done + 1, ${addCountsFrom(2)}
       output inserted.id
        where id = @p1 and ${stateAmong(states)}`,
      [id, ...countParams(rows)],
    ),
  end: ({ id, states, to, reason, error, rows }) =>
    attempt(
      `update tidemark.run
          set state = @p2, reason = @p3, error_code = @p4, error_message = @p5, finished_at = ${NOW},
              started_at = coalesce(started_at, ${NOW}), -- a run that found nothing looked, and that was when
              duration_ms = duration_ms + ${msSince('attempt_started_at')}, ${setCountsFrom(6)}
       output inserted.id
        where id = @p1 and ${stateAmong(states)}`,
      [id, to, reason, error?.code ?? null, error?.message ?? null, ...countParams(rows)],
    ),
  supersede: ({ id, states, supersededBy }) =>
    attempt(
      `update tidemark.run set state = N'superseded', superseded_by = @p2, finished_at = coalesce(finished_at, ${NOW})
       output inserted.id
        where id = @p1 and ${stateAmong(states)}`,
      [id, supersededBy],
    ),
  inStates: ({ flow, scope, states }) => ({
    text: `select id, state from tidemark.run with (updlock, rowlock)
            where flow = @p1${scope === null ? '' : ' and scope = @p2'} and ${stateAmong(states)} order by seq`,
    params: scope === null ? [flow] : [flow, scope],
    decode: (raw) => ({ id: parseRunId(text(raw, 'id')), state: oneOf(raw, 'state', RUN_STATES) }),
  }),
  clearProgress: ({ id }) =>
    effect(
      `update tidemark.run set captured = null, batches = 0, batches_done = 0, ${setCountsFrom(2)} where id = @p1`,
      [id, ...countParams(NO_ROWS)],
    ),
  requestCancel: ({ id, states, by }) =>
    attempt(
      `update tidemark.run set cancel_requested_at = coalesce(cancel_requested_at, ${NOW}),
                               cancel_requested_by = coalesce(cancel_requested_by, @p2)
       output inserted.id
        where id = @p1 and ${stateAmong(states)}`,
      [id, by],
    ),
  cancelRequested: ({ id }) => ({
    text: 'select case when cancel_requested_at is not null then 1 else 0 end as requested from tidemark.run where id = @p1',
    params: [id],
    decode: (raw) => flag(raw, 'requested'),
  }),
}
