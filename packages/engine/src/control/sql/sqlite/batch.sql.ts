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
import { addCountsFrom, attempt, effect, heldUnder, NOW, names, stateAmong, stateIn } from './sql-parts.ts'

const CLAIM = `update batch set state = 'running', attempts = attempts + 1, claimed_at = ${NOW}, finished_at = null,
                                error_code = null, error_message = null`

const IN_STEP = `exists (select 1 from step s where s.run = ?1 and s.step = batch.step and s.state = 'running')`

export const sqliteBatch: BatchStatements = {
  steps: ({ run }) => ({
    text: `select run, step, name, state, batches, batches_done, ${COUNT_COLUMNS} from step where run = ?1 order by step`,
    params: [run],
    decode: decodeStep,
  }),
  list: ({ run }) => ({
    text: `select run, step, batch, state, split, wave, attempts, worker, claimed_at, ${COUNT_COLUMNS}, error_code, error_message
             from batch where run = ?1 order by batch`,
    params: [run],
    decode: decodeBatch,
  }),
  standing: ({ run, batch }) => ({
    text: 'select step, state, worker, error_code, error_message from batch where run = ?1 and batch = ?2',
    params: [run, batch],
    decode: decodeBatchStanding,
  }),
  greatest: ({ run }) => ({
    text: 'select coalesce(max(batch), 0) as batch from batch where run = ?1',
    params: [run],
    decode: (raw) => int(raw, 'batch'),
  }),
  countOpen: ({ run }) => ({
    text: `select count(*) as open from batch where run = ?1 and state not in ('done', 'superseded')`,
    params: [run],
    decode: (raw) => int(raw, 'open'),
  }),

  insertSteps: ({ run, steps }) =>
    effect(
      `insert into step (run, step, name)
       select ?1, value ->> 'step', value ->> 'name' from json_each(?2) where true
           on conflict (run, step) do nothing`,
      [run, JSON.stringify(steps)],
    ),
  insertBatches: ({ run, batches }) =>
    effect(
      `insert into batch (run, batch, step, wave, split)
       select ?1, value ->> 'batch', value ->> 'step', value ->> 'wave', value ->> 'split' from json_each(?2)`,
      [run, JSON.stringify(batches)],
    ),
  supersedeBatches: ({ run, states }) =>
    effect(`update batch set state = 'superseded', finished_at = ${NOW} where run = ?1 and ${stateIn(2)}`, [
      run,
      names(states),
    ]),
  supersedeSteps: ({ run, states }) =>
    effect(`update step set state = 'superseded' where run = ?1 and ${stateIn(2)}`, [run, names(states)]),
  recountSteps: ({ run }) =>
    effect(
      `update step
          set batches = (select count(*) from batch b where b.run = step.run and b.step = step.step and b.state <> 'superseded')
        where run = ?1`,
      [run],
    ),
  recountRun: ({ run }) =>
    effect(
      `update run set batches = (select count(*) from batch b where b.run = run.id and b.state <> 'superseded') where id = ?1`,
      [run],
    ),

  claimInStep: ({ run, batch, states, token }) =>
    attempt(
      `${CLAIM}, token = ?3, worker = null
        where run = ?1 and batch = ?2 and ${stateAmong(states)} and ${heldUnder('?1', 3)} and ${IN_STEP} returning 1`,
      [run, batch, token],
    ),
  claim: ({ run, batch, states, token }) =>
    attempt(`${CLAIM}, token = ?3, worker = null where run = ?1 and batch = ?2 and ${stateAmong(states)} returning 1`, [
      run,
      batch,
      token,
    ]),
  claimNext: ({ run, wave, states, token, worker, inStep }) => ({
    text: `${CLAIM}, token = ?4, worker = ?5
            where run = ?1
              and batch = (select b.batch from batch b
                             left join run_worker w on w.run = b.run and w.worker = b.worker and w.token = b.token
                                                   and w.expires_at > ${NOW}
                            where b.run = ?1 and b.batch between ?2 and ?3 and b.${stateAmong(states)}
                              and (b.state = 'planned' or b.token <> ?4 or b.state = 'running' and w.worker is null)
                            order by b.batch limit 1)
              and ${heldUnder('?1', 4)}${inStep ? ` and ${IN_STEP}` : ''}
           returning batch, attempts`,
    params: [run, wave.from, wave.last, token, worker],
    decode: decodeClaim,
  }),
  wave: ({ run, wave, token }) => ({
    text: `select count(*) as open, min(iif(state = 'failed' and token = ?4, batch, null)) as failed from batch
            where run = ?1 and batch between ?2 and ?3 and state not in ('done', 'superseded')`,
    params: [run, wave.first, wave.last, token],
    decode: decodeWave,
  }),
  commit: ({ run, batch, states, token, rows }) => ({
    text: `update batch set state = 'done', finished_at = ${NOW}, ${addCountsFrom(4)}
            where run = ?1 and batch = ?2 and ${stateAmong(states)} and ${heldUnder('?1', 3)} returning step`,
    params: [run, batch, token, ...countParams(rows)],
    decode: (raw) => int(raw, 'step'),
  }),
  fail: ({ run, batch, states, error }) =>
    attempt(
      `update batch set state = 'failed', finished_at = ${NOW}, error_code = ?4, error_message = ?5
        where run = ?1 and batch = ?2 and ${stateIn(3)} returning 1`,
      [run, batch, names(states), error.code, error.message],
    ),
  addToStep: ({ run, step, finishFrom, rows }) =>
    effect(
      `update step set batches_done = batches_done + 1, ${addCountsFrom(3)},
                       state = iif(${stateAmong(finishFrom)} and batches_done + 1 = batches, 'done', state)
        where run = ?1 and step = ?2`,
      [run, step, ...countParams(rows)],
    ),
  moveStep: ({ run, step, states, to }) =>
    attempt(`update step set state = ?4 where run = ?1 and step = ?2 and ${stateIn(3)} returning 1`, [
      run,
      step,
      names(states),
      to,
    ]),
  finishStep: ({ run, step, states }) =>
    attempt(
      `update step set state = 'done' where run = ?1 and step = ?2 and ${stateIn(3)} and batches_done = batches returning 1`,
      [run, step, names(states)],
    ),
  deleteBatches: ({ run }) => effect('delete from batch where run = ?1', [run]),
  deleteSteps: ({ run }) => effect('delete from step where run = ?1', [run]),
}
