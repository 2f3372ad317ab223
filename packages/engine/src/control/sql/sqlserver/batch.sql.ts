import { int as small } from '../decode.ts'
import {
  COUNT_COLUMNS,
  countParams,
  decodeBatch,
  decodeBatchStanding,
  decodeClaim,
  decodeStep,
  decodeWave,
} from '../decode-rows.ts'
import type { BatchStatements } from '../statements.ts'
import { addCountsFrom, attempt, bigint, effect, hold, int, jsonOf, NOW, stateAmong } from './sql-parts.ts'

/** `token` and `worker` follow. */
const CLAIM = `update b
                  set state = N'running', attempts = attempts + 1, claimed_at = ${NOW}, finished_at = null,
                      error_code = null, error_message = null`
const IN_STEP = `exists (select 1 from tidemark.step s where s.run = @p1 and s.step = b.step and s.state = N'running')`
const THIS_BATCH = `b.run = @p1 and b.batch = ${int(2)}`
const THIS_STEP = `run = @p1 and step = ${int(2)}`

export const sqlServerBatch: BatchStatements = {
  steps: ({ run }) => ({
    text: `select run, step, name, state, batches, batches_done, ${COUNT_COLUMNS}
             from tidemark.step where run = @p1 order by step`,
    params: [run],
    decode: decodeStep,
  }),
  list: ({ run }) => ({
    text: `select run, step, batch, state, split, wave, attempts, worker, claimed_at, ${COUNT_COLUMNS}, error_code, error_message
             from tidemark.batch where run = @p1 order by batch`,
    params: [run],
    decode: decodeBatch,
  }),
  standing: ({ run, batch }) => ({
    text: `select b.step, b.state, b.worker, b.error_code, b.error_message from tidemark.batch b where ${THIS_BATCH}`,
    params: [run, batch],
    decode: decodeBatchStanding,
  }),
  greatest: ({ run }) => ({
    text: 'select coalesce(max(batch), 0) as batch from tidemark.batch where run = @p1',
    params: [run],
    decode: (raw) => small(raw, 'batch'),
  }),
  countOpen: ({ run }) => ({
    text: `select count(*) as [open] from tidemark.batch where run = @p1 and state not in (N'done', N'superseded')`,
    params: [run],
    decode: (raw) => small(raw, 'open'),
  }),

  insertSteps: ({ run, steps }) =>
    effect(
      `insert into tidemark.step (run, step, name)
       select @p1, x.step, x.name from openjson(@p2) with (step int, name nvarchar(max)) x
        where not exists (select 1 from tidemark.step s where s.run = @p1 and s.step = x.step)`,
      [run, jsonOf(steps)],
    ),
  insertBatches: ({ run, batches }) =>
    effect(
      `insert into tidemark.batch (run, batch, step, wave, split)
       select @p1, x.batch, x.step, x.wave, x.split
         from openjson(@p2) with (batch int, step int, wave int, split nvarchar(max)) x`,
      [run, jsonOf(batches)],
    ),
  supersedeBatches: ({ run, states }) =>
    effect(
      `update tidemark.batch set state = N'superseded', finished_at = ${NOW} where run = @p1 and ${stateAmong(states)}`,
      [run],
    ),
  supersedeSteps: ({ run, states }) =>
    effect(`update tidemark.step set state = N'superseded' where run = @p1 and ${stateAmong(states)}`, [run]),
  recountSteps: ({ run }) =>
    effect(
      `update s
          set batches = (select count(*) from tidemark.batch b
                          where b.run = s.run and b.step = s.step and b.state <> N'superseded')
         from tidemark.step s where s.run = @p1`,
      [run],
    ),
  recountRun: ({ run }) =>
    effect(
      `update r
          set batches = (select count(*) from tidemark.batch b where b.run = r.id and b.state <> N'superseded')
         from tidemark.run r where r.id = @p1`,
      [run],
    ),

  claimInStep: ({ run, batch, states, token }) =>
    attempt(
      `${hold('@p1', 3)}
       ${CLAIM}, token = ${bigint(3)}, worker = null
       output inserted.batch
         from tidemark.batch b
        where ${THIS_BATCH} and b.${stateAmong(states)} and @held = 1 and ${IN_STEP}`,
      [run, batch, token],
    ),
  claim: ({ run, batch, states, token }) =>
    attempt(
      `${CLAIM}, token = ${bigint(3)}, worker = null
       output inserted.batch
         from tidemark.batch b
        where ${THIS_BATCH} and b.${stateAmong(states)}`,
      [run, batch, token],
    ),
  // The run is locked before its batches, as everywhere, and by a statement before: whoever claimed meanwhile is seen.
  // A batch that somebody has locked by hand is passed over.
  claimNext: ({ run, wave, states, token, worker, inStep }) => ({
    text: `${hold('@p1', 4)}
           declare @batch int;
           select top (1) @batch = b.batch
             from tidemark.batch b with (updlock, readpast, rowlock, readcommittedlock)
            where b.run = @p1 and b.batch between ${int(2)} and ${int(3)} and b.${stateAmong(states)} and @held = 1
              and (b.state = N'planned' or b.token <> ${bigint(4)}
                   or b.state = N'running'
                      and not exists (select 1 from tidemark.run_worker w
                                       where w.run = b.run and w.worker = b.worker and w.token = b.token
                                         and w.expires_at > ${NOW}))
            order by b.batch;
           ${CLAIM}, token = ${bigint(4)}, worker = @p5
           output inserted.batch, inserted.attempts
             from tidemark.batch b
            where b.run = @p1 and b.batch = @batch${inStep ? ` and ${IN_STEP}` : ''}`,
    params: [run, wave.from, wave.last, token, worker],
    decode: decodeClaim,
  }),
  wave: ({ run, wave, token }) => ({
    text: `select count(*) as [open], min(case when state = N'failed' and token = ${bigint(4)} then batch end) as failed
             from tidemark.batch
            where run = @p1 and batch between ${int(2)} and ${int(3)} and state not in (N'done', N'superseded')`,
    params: [run, wave.first, wave.last, token],
    decode: decodeWave,
  }),
  commit: ({ run, batch, states, token, rows }) => ({
    text: `${hold('@p1', 3)}
           update b set state = N'done', finished_at = ${NOW}, ${addCountsFrom(4)}
           output inserted.step
             from tidemark.batch b
            where ${THIS_BATCH} and b.${stateAmong(states)} and @held = 1`,
    params: [run, batch, token, ...countParams(rows)],
    decode: (raw) => small(raw, 'step'),
  }),
  fail: ({ run, batch, states, error }) =>
    attempt(
      `update b set state = N'failed', finished_at = ${NOW}, error_code = @p3, error_message = @p4
       output inserted.batch
         from tidemark.batch b
        where ${THIS_BATCH} and b.${stateAmong(states)}`,
      [run, batch, error.code, error.message],
    ),
  addToStep: ({ run, step, finishFrom, rows }) =>
    effect(
      `update tidemark.step
          set batches_done = batches_done + 1, ${addCountsFrom(3)},
              state = case when ${stateAmong(finishFrom)} and batches_done + 1 = batches then N'done' else state end
        where ${THIS_STEP}`,
      [run, step, ...countParams(rows)],
    ),
  moveStep: ({ run, step, states, to }) =>
    attempt(`update tidemark.step set state = @p3 output inserted.step where ${THIS_STEP} and ${stateAmong(states)}`, [
      run,
      step,
      to,
    ]),
  finishStep: ({ run, step, states }) =>
    attempt(
      `update tidemark.step set state = N'done' output inserted.step
        where ${THIS_STEP} and ${stateAmong(states)} and batches_done = batches`,
      [run, step],
    ),
  deleteBatches: ({ run }) => effect('delete from tidemark.batch where run = @p1', [run]),
  deleteSteps: ({ run }) => effect('delete from tidemark.step where run = @p1', [run]),
}
