/** One batch until it is in: tried again, or without the rows that cannot land, as its flow says. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { BatchRow } from '../control/control-store.ts'
import type { RefusedRow } from '../dialects/row-policy.ts'
import { AppError, asAppError } from '../runtime/app-error.ts'
import { splitOf } from './captured.ts'
import { answerTo, type ErrorAnswer, rowPolicy } from './error-answer.ts'
import { findBadRows, type Refusal } from './find-bad-rows.ts'
import { type BatchReport, type BatchWork, runBatch, tryPart } from './run-batch.ts'
import type { StepsContext } from './run-steps.ts'
import { stepName } from './step-names.ts'

const LONGEST_PAUSE_MS = 10_000
const FIRST_PAUSE_MS = 40
/** who has no room for us now has none in a moment either */
const FIRST_PAUSE_WHEN_BUSY_MS = 2_000

export async function landBatch(ctx: StepsContext, batch: BatchRow, worker: number): Promise<BatchReport> {
  const work = workOf(ctx, batch, worker)
  const without = (refused: readonly RefusedRow[]): BatchWork => ({ ...work, rows: { ...work.rows, refused } })
  const bad: RefusedRow[] = []
  for (;;) {
    try {
      return await withRetry(ctx, batch, () => runBatch(ctx, without(bad)))
    } catch (error) {
      const e = asAppError(error)
      if (ctx.stop.hard.aborted || work.split.deletes || answer(ctx, batch, error).do !== 'search') throw error
      const found = await findBadRows(
        work.split,
        refusalOf(ctx, e),
        bad,
        (part, known) => refuses(ctx, batch, { ...without(known), part }),
        (all) => isEnough(ctx, work, all),
      )
      if (found.length === 0) throw error
      bad.push(...found)
    }
  }
}

/** One is, that fails the batch: it is tried once more, and then tells the row. Throws where too many are kept out. */
function isEnough({ budget }: StepsContext, { rows }: BatchWork, bad: readonly RefusedRow[]): boolean {
  const rejects = bad.filter(({ code }) => code !== 'TM5010' || !rows.skipsConflicts)
  if (rejects.some(({ code }) => !rows.quarantines(code))) return true
  budget.refuseBeyond(BigInt(rejects.length))
  return false
}

function workOf({ plan, budget }: StepsContext, batch: BatchRow, worker: number): BatchWork {
  const flow = plan.definition
  const step = stepName(plan, batch.step)
  return {
    key: { run: batch.run, step: batch.step, batch: batch.batch },
    relation: plan.relation,
    selection: plan.selection,
    apply: flow.apply.kind,
    lane: plan.lane,
    split: splitOf(batch.split, batch.step, batch.wave),
    part: null,
    worker,
    rows: rowPolicy(flow, step, budget.left),
    budget,
  }
}

/** Null: the rows land. What is no refusal of rows ends the search. */
async function refuses(ctx: StepsContext, batch: BatchRow, work: BatchWork): Promise<Refusal | null> {
  try {
    await withRetry(ctx, batch, () => tryPart(ctx, work))
    return null
  } catch (error) {
    if (ctx.stop.hard.aborted || answer(ctx, batch, error).do !== 'search') throw error
    ctx.stop.soft.throwIfAborted()
    return refusalOf(ctx, asAppError(error))
  }
}

function refusalOf({ bench }: StepsContext, { code, detail }: AppError): Refusal {
  const where = `${bench.target.location}: `
  return { code, message: detail.startsWith(where) ? detail.slice(where.length) : detail }
}

const answer = ({ plan, dialect }: StepsContext, batch: BatchRow, error: unknown): ErrorAnswer =>
  answerTo(plan.definition, stepName(plan, batch.step), asAppError(error).code, dialect.classify(error))

/** Conflicts with another writer, and what a policy says, are tried again, a few times. Throws AppErrors. */
async function withRetry<T>(ctx: StepsContext, batch: BatchRow, attempt: () => Promise<T>): Promise<T> {
  for (let n = 1; ; n++) {
    try {
      return await attempt()
    } catch (error) {
      if (ctx.stop.hard.aborted) throw ctx.stop.hard.reason
      const e = translated(ctx, error)
      const { code, message } = asAppError(e)
      const what = answer(ctx, batch, e)
      if (what.do !== 'retry' || n >= what.attempts) throw e
      ctx.deps.emit('batch:retry', {
        run: batch.run,
        flow: ctx.plan.flow,
        scope: ctx.fence.scope,
        batch: batch.batch,
        attempt: n,
        code,
        message,
      })
      await pause(ctx, n, ctx.dialect.classify(e) === 'busy' ? FIRST_PAUSE_WHEN_BUSY_MS : FIRST_PAUSE_MS)
    }
  }
}

/** Longer each time; ended by whoever wants the run to stop. */
async function pause({ stop }: StepsContext, n: number, firstMs: number): Promise<void> {
  const ms = Math.min(firstMs * 2 ** (n - 1), LONGEST_PAUSE_MS) * (0.5 + Math.random() / 2)
  try {
    await sleep(ms, undefined, { signal: stop.soft })
  } catch {
    throw stop.hard.aborted ? stop.hard.reason : stop.soft.reason
  }
}

const translated = (ctx: StepsContext, error: unknown): unknown =>
  error instanceof AppError
    ? error
    : ctx.dialect.translate(
        error,
        `${ctx.plan.definition.target.connection}:${ctx.plan.definition.target.table.join('.')}`,
      )
