/** Definition and facts → plan. Pure: no question, no clock, no random number. */
import { type FlowSpec, type Scope, scopeText } from '@tidemark/contract/flow'
import type { CaptureDecision } from '../capture/capture-mode.ts'
import type { WatermarkRow } from '../control/control-store.ts'
import type { Abilities, FlowRelation, Selection, SourceIdentity } from '../dialects/contract.ts'
import type { LaneFacts } from '../dialects/lanes.ts'
import { AppError } from '../runtime/app-error.ts'
import { type Coverage, type CoverageChange, coverageChanges, coverageOf, formatCondition } from './coverage.ts'
import { chooseLane } from './choose-lane.ts'
import { driftNotes, excusedBy, refuseLost, sourceDrift } from './drift.ts'
import type { FlowFacts } from './flow-facts.ts'
import { type FlowPlan, type Planned, takesAway } from './flow-plan.ts'
import { mirrorNote } from './mirror.ts'
import { checkTarget } from './target-trust.ts'

export interface PlanOptions {
  readonly full: boolean
  readonly batchRows: number | null
  /** of the command: a small load is cut so that each has some batches */
  readonly workers: number
  readonly lane: string | null
  /** the person accepted that coverage or source changed */
  readonly acceptChange: boolean
  /** the brake on deletes is lifted for this run */
  readonly allowsDeletes: boolean
}

/** The watermark in force: the scope's own, or a copy of the whole flow's. */
export const inForce = (facts: FlowFacts): WatermarkRow | null => facts.ledger.watermark ?? facts.ledger.unscoped

/** Stops where the flow covers other rows than its watermark was earned for, or reads another source. */
export function checkPast(
  d: FlowSpec,
  scope: Scope,
  facts: FlowFacts,
  relation: FlowRelation,
  options: PlanOptions,
): void {
  if (!options.full) checkTarget(d, scope, facts)
  const mark = inForce(facts)
  if (mark === null || options.full || options.acceptChange) return
  const before = JSON.parse(mark.coverage) as Coverage
  const now = coverageOf(d, relation)
  const drift = sourceDrift(d, before, now)
  refuseLost(d, drift)
  const changes = coverageChanges(excusedBy(d, before, drift), now)
  if (changes.length > 0) throw coverageChanged(d, changes)
  const why =
    d.source.replaced === 'expected' ? null : otherSource(JSON.parse(mark.source) as SourceIdentity, facts.identity)
  if (why !== null) throw new AppError('TM4008', `${d.source.connection}: ${why}`)
}

/** What drift did to the columns of this run, for the person to know. */
export function notesOfDrift(
  d: FlowSpec,
  facts: FlowFacts,
  relation: FlowRelation,
  ddl: readonly string[],
  leftOut: readonly string[],
): readonly string[] {
  const mark = inForce(facts)
  const found =
    mark === null
      ? { gained: [], lost: [] }
      : sourceDrift(d, JSON.parse(mark.coverage) as Coverage, coverageOf(d, relation))
  return driftNotes(d, found, relation.target.adds, ddl, leftOut)
}

function coverageChanged(d: FlowSpec, changes: readonly CoverageChange[]): AppError {
  const gained = changes.length === 1 ? (changes[0]?.gained ?? null) : null
  return new AppError('TM4007', changes.map((c) => c.text).join('; '), {
    remedy: [
      `tidemark run ${d.id} --full   reads everything again`,
      `tidemark rewind ${d.id} --to POSITION --reason TEXT   re-delivers from a position`,
      `tidemark run ${d.id} --accept-change --reason TEXT   goes on from the watermark${gained === null ? '' : ', and loads the rows of the gained values in full'}`,
    ],
  })
}

/** Why `now` is not the database that `before` was, or an older state of it; null: it is. */
export function otherSource(before: SourceIdentity, now: SourceIdentity): string | null {
  if (before.system !== now.system) return `the watermark was earned on ${before.system}, this is ${now.system}`
  if (before.timeline !== null && now.timeline !== null && BigInt(now.timeline) < BigInt(before.timeline))
    return `it went back from state ${before.timeline} to ${now.timeline}: an older copy was restored`
  return otherBeside(before.beside ?? {}, now.beside ?? {})
}

/** Of databases that both know: what is read now and was not before was never another. */
function otherBeside(before: NonNullable<SourceIdentity['beside']>, now: typeof before): string | null {
  const reasons = Object.entries(before).flatMap(([name, was]) => {
    const is = now[name]
    const why = is === undefined ? null : otherSource(was, is)
    return why === null ? [] : [`of the database ${name}, ${why}`]
  })
  return reasons[0] ?? null
}

/** Values that `in` tables gained since the watermark, when the person accepted the change: they alone are loaded in full. */
export function gainedValues(
  d: FlowSpec,
  facts: FlowFacts,
  relation: FlowRelation,
  options: PlanOptions,
): Selection['gained'] {
  const mark = inForce(facts)
  if (mark === null || !options.acceptChange) return []
  return coverageChanges(JSON.parse(mark.coverage) as Coverage, coverageOf(d, relation)).flatMap(({ gained }) => {
    const where = gained === null ? -1 : relation.where.findIndex((c) => formatCondition(c.spec) === gained.condition)
    return gained === null || where < 0 || relation.where[where]?.spec.kind !== 'in-table'
      ? []
      : [{ where, values: gained.values }]
  })
}

/** so many batches for each worker, where the load is small: a crash costs less, and a bar moves */
const BATCHES_PER_WORKER = 4

/**
 * The size that flow or command ask for, else the default; less for a small first load. What is judged against rows
 * that are there is not cut: each batch looks through the target's keys again.
 */
function batchRowsFor(rows: bigint, { definition: d, options, abilities, facts, relation }: PlanRequest): number {
  const most = batchRowsOf(d, options, abilities)
  const judged = relation.target.beside === null && !facts.targetState.empty
  if (options.batchRows !== null || d.batch.rows !== null || judged) return most
  const workers = Math.min(d.parallel ?? Infinity, options.workers)
  const groups = Math.ceil(Number(rows) / (workers * BATCHES_PER_WORKER) / abilities.rowGroup)
  return Math.min(most, Math.max(1, groups) * abilities.rowGroup)
}

export const batchRowsOf = (d: FlowSpec, options: PlanOptions, abilities: Abilities): number =>
  options.batchRows ?? d.batch.rows ?? abilities.batchRows

export interface PlanRequest {
  readonly definition: FlowSpec
  readonly scope: Scope
  readonly facts: FlowFacts
  readonly relation: FlowRelation
  readonly decision: CaptureDecision
  readonly unmatched: FlowPlan['unmatched']
  readonly abilities: Abilities
  readonly lanes: LaneFacts
  readonly options: PlanOptions
  readonly notes: readonly string[]
}

export function makePlan(r: PlanRequest): Planned {
  const { decision, facts, relation, definition: d, options } = r
  const extraction = decision.kind === 'take' ? (decision.extraction ?? null) : null
  const { lane, spoolsWhole, note } = chooseLane(r.lanes, options.lane, extraction !== null)
  const waiting =
    decision.waiting === null ? null : { rows: String(decision.waiting.rows), until: decision.waiting.until }
  const own = facts.ledger.watermark
  if (decision.kind === 'nothing') {
    const accepted =
      options.acceptChange && inForce(facts) !== null
        ? { expected: own?.version ?? null, coverage: coverageOf(d, relation), identity: facts.identity }
        : null
    return {
      kind: 'nothing',
      nothing: {
        lane,
        reason: decision.reason,
        window: decision.window,
        waiting,
        look: decision.look ?? null,
        notes: [...decision.notes, ...r.notes],
        relation,
        accepted,
      },
    }
  }
  return {
    kind: 'run',
    plan: {
      format: 1,
      flow: d.id,
      scope: r.scope,
      definition: d,
      lane,
      spoolsWhole,
      extraction,
      relation,
      goal: decision.goal,
      window: decision.window,
      selection: decision.selection,
      waiting,
      watermark:
        decision.watermark === null ? null : { expected: own?.version ?? null, position: decision.watermark.position },
      coverage: coverageOf(d, relation),
      identity: facts.identity,
      look: decision.look,
      createTable: facts.target === null && d.apply.kind !== 'none',
      ...(options.allowsDeletes ? { allowsDeletes: true } : {}),
      forgetsOtherScopes:
        facts.targetState.empty &&
        facts.targetState.settled.some((s) => s.store === facts.ledger.store && s.hadRows) &&
        d.target.emptied === 'refused' &&
        Object.keys(r.scope).length > 0,
      batch: {
        rows: batchRowsFor(decision.rows, r),
        bytes: d.batch.bytes ?? r.abilities.batchBytes,
      },
      unmatched: r.unmatched,
      estimatedRows: String(decision.rows),
      notes: [
        ...decision.notes,
        ...(relation.steps.every((step) => step.queue === null)
          ? []
          : ['the queue of step rows decides what comes: what it leaves out of a window, no later run takes']),
        ...(note === null ? [] : [note]),
        ...(takesAway({ extraction, definition: d }) ? [mirrorNote(d, options.allowsDeletes)] : []),
        ...(decision.selection.absent !== null && r.lanes[lane].byBatch === true
          ? [
              'what the target has is not seen from the source: every row travels, and those that are there stay as they are',
            ]
          : []),
        ...r.notes,
        ...(own === null && facts.ledger.unscoped !== null && scopeText(r.scope) !== '{}'
          ? ['this scope starts from a copy of the watermark of the whole flow']
          : []),
      ],
    },
  }
}
