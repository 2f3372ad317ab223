import { int } from '../decode.ts'
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
import {
  addCountsFrom,
  attempt,
  BEGAN,
  effect,
  heldUnder,
  jsonOf,
  NOW,
  names,
  stateAmong,
  stateIn,
} from './sql-parts.ts'

const CLAIM = `update tidemark.batch
                  set state = 'running', attempts = attempts + 1, claimed_at = ${NOW}, finished_at = null,
                      error_code = null, error_message = null`
const IN_STEP = `exists (select from tidemark.step s where s.run = $1 and s.step = batch.step and s.state = 'running')`
const THIS_BATCH = 'run = $1 and batch = $2::integer'
const THIS_STEP = 'run = $1 and step = $2::integer'

export const postgresBatch: BatchStatements = {
  steps: ({ run }) => ({
    text: `select run, step, name, state, batches, batches_done, ${COUNT_COLUMNS} from tidemark.step where run = $1 order by step`,
    params: [run],
    decode: decodeStep,
  }),
  list: ({ run }) => ({
    text: `select run, step, batch, state, split, wave, attempts, worker, claimed_at, ${COUNT_COLUMNS}, error_code, error_message
             from tidemark.batch where run = $1 order by batch`,
    params: [run],
    decode: decodeBatch,
  }),
  standing: ({ run, batch }) => ({
    text: `select step, state, worker, error_code, error_message from tidemark.batch where ${THIS_BATCH}`,
    params: [run, batch],
    decode: decodeBatchStanding,
  }),
  greatest: ({ run }) => ({
    text: 'select coalesce(max(batch), 0) as batch from tidemark.batch where run = $1',
    params: [run],
    decode: (raw) => int(raw, 'batch'),
  }),
  countOpen: ({ run }) => ({
    text: `select count(*) as open from tidemark.batch where run = $1 and state not in ('done', 'superseded')`,
    params: [run],
    decode: (raw) => int(raw, 'open'),
  }),

  insertSteps: ({ run, steps }) =>
    effect(
      `insert into tidemark.step (run, step, name)
       select $1, x.step, x.name from json_to_recordset($2::json) as x (step integer, name text)
           on conflict (run, step) do nothing`,
      [run, jsonOf(steps)],
    ),
  insertBatches: ({ run, batches }) =>
    effect(
      `insert into tidemark.batch (run, batch, step, wave, split)
       select $1, x.batch, x.step, x.wave, x.split::json
         from json_to_recordset($2::json) as x (batch integer, step integer, wave integer, split text)`,
      [run, jsonOf(batches)],
    ),
  supersedeBatches: ({ run, states }) =>
    effect(`update tidemark.batch set state = 'superseded', finished_at = ${NOW} where run = $1 and ${stateIn(2)}`, [
      run,
      names(states),
    ]),
  supersedeSteps: ({ run, states }) =>
    effect(`update tidemark.step set state = 'superseded' where run = $1 and ${stateIn(2)}`, [run, names(states)]),
  recountSteps: ({ run }) =>
    effect(
      `update tidemark.step s
          set batches = (select count(*) from tidemark.batch b where b.run = s.run and b.step = s.step and b.state <> 'superseded')
        where run = $1`,
      [run],
    ),
  recountRun: ({ run }) =>
    effect(
      `update tidemark.run r
          set batches = (select count(*) from tidemark.batch b where b.run = r.id and b.state <> 'superseded')
        where id = $1`,
      [run],
    ),

  claimInStep: ({ run, batch, states, token }) =>
    attempt(
      `with held as (${heldUnder('$1', 3)})
       ${CLAIM}, token = $3::bigint, worker = null
        where ${THIS_BATCH} and ${stateAmong(states)} and exists (select from held) and ${IN_STEP} returning 1`,
      [run, batch, token],
    ),
  claim: ({ run, batch, states, token }) =>
    attempt(`${CLAIM}, token = $3::bigint, worker = null where ${THIS_BATCH} and ${stateAmong(states)} returning 1`, [
      run,
      batch,
      token,
    ]),
  // A row that another took while this waited is judged anew, but by the workers seen before: so a claim that is younger
  // than this statement is good whoever has it. The run is locked before the batch, as everywhere.
  claimNext: ({ run, wave, states, token, worker, inStep }) => ({
    text: `with held as (${heldUnder('$1', 4)})
           ${CLAIM}, token = $4::bigint, worker = $5
            where run = $1
              and batch = (select b.batch from held join tidemark.batch b on b.run = held.id
                            where b.batch between $2::integer and $3::integer and b.${stateAmong(states)}
                              and (b.state = 'planned' or b.token <> $4::bigint
                                   or b.state = 'running' and b.claimed_at < ${BEGAN}
                                      and not exists (select from tidemark.run_worker w
                                                       where w.run = b.run and w.worker = b.worker and w.token = b.token
                                                         and w.expires_at > ${NOW}))
                            order by b.batch limit 1 for update of b skip locked)
              ${inStep ? `and ${IN_STEP}` : ''}
           returning batch, attempts`,
    params: [run, wave.from, wave.last, token, worker],
    decode: decodeClaim,
  }),
  wave: ({ run, wave, token }) => ({
    text: `select count(*) as open, min(case when state = 'failed' and token = $4::bigint then batch end) as failed
             from tidemark.batch
            where run = $1 and batch between $2::integer and $3::integer and state not in ('done', 'superseded')`,
    params: [run, wave.first, wave.last, token],
    decode: decodeWave,
  }),
  commit: ({ run, batch, states, token, rows }) => ({
    text: `with held as (${heldUnder('$1', 3)})
           update tidemark.batch set state = 'done', finished_at = ${NOW}, ${addCountsFrom(4)}
            where ${THIS_BATCH} and ${stateAmong(states)} and exists (select from held) returning step`,
    params: [run, batch, token, ...countParams(rows)],
    decode: (raw) => int(raw, 'step'),
  }),
  fail: ({ run, batch, states, error }) =>
    attempt(
      `update tidemark.batch set state = 'failed', finished_at = ${NOW}, error_code = $4, error_message = $5
        where ${THIS_BATCH} and ${stateIn(3)} returning 1`,
      [run, batch, names(states), error.code, error.message],
    ),
  addToStep: ({ run, step, finishFrom, rows }) =>
    effect(
      `update tidemark.step
          set batches_done = batches_done + 1, ${addCountsFrom(3)},
              state = case when ${stateAmong(finishFrom)} and batches_done + 1 = batches then 'done' else state end
        where ${THIS_STEP}`,
      [run, step, ...countParams(rows)],
    ),
  moveStep: ({ run, step, states, to }) =>
    attempt(`update tidemark.step set state = $4 where ${THIS_STEP} and ${stateIn(3)} returning 1`, [
      run,
      step,
      names(states),
      to,
    ]),
  finishStep: ({ run, step, states }) =>
    attempt(
      `update tidemark.step set state = 'done' where ${THIS_STEP} and ${stateIn(3)} and batches_done = batches returning 1`,
      [run, step, names(states)],
    ),
  deleteBatches: ({ run }) => effect('delete from tidemark.batch where run = $1', [run]),
  deleteSteps: ({ run }) => effect('delete from tidemark.step where run = $1', [run]),
}
