/** facts → decision → plan, for one flow and scope. Writes nothing. */
import type { FlowSpec, Scope } from '@tidemark/contract/flow'
import type { CaptureMode, CaptureModes, CaptureWish } from '../capture/capture-mode.ts'
import { retryDecision } from '../capture/retry.ts'
import type { ControlStore, RejectRow, UnmatchedRow } from '../control/control-store.ts'
import type { Abilities, Bench } from '../dialects/contract.ts'
import type { Planned } from '../plan/flow-plan.ts'
import { canonicalValues, gatherFacts } from '../plan/gather-facts.ts'
import {
  batchRowsOf,
  checkPast,
  gainedValues,
  inForce,
  makePlan,
  notesOfDrift,
  type PlanOptions,
} from '../plan/make-plan.ts'
import { mirrored } from '../plan/mirror.ts'
import { resolveRelation } from '../plan/relation.ts'
import { withSteps } from '../plan/with-steps.ts'
import { AppError } from '../runtime/app-error.ts'

export interface PlanDeps {
  readonly store: ControlStore
  readonly bench: Bench
  readonly abilities: Abilities
  readonly modes: CaptureModes
}

export interface PlanWish extends CaptureWish, PlanOptions {
  /** These keys alone, as far as their rejects are open: read as they are now, and the watermark stays. */
  readonly onlyAgain?: readonly string[]
}

/** Join keys of main tables are JSON arrays; orphans left out earlier are remembered under this alias. */
export const ORPHAN_ALIAS = '~orphan'

export function modeOf(modes: CaptureModes, kind: string): CaptureMode {
  const mode = modes[kind]
  if (!mode) throw new AppError('TM1017', `capture ${kind}; this version has ${Object.keys(modes).join(', ')}`)
  return mode
}

export async function planFlow(deps: PlanDeps, definition: FlowSpec, scope: Scope, wish: PlanWish): Promise<Planned> {
  const { bench } = deps
  const mode = modeOf(deps.modes, definition.capture.kind)
  const { options } = definition.capture
  const facts = await gatherFacts(bench, deps.store, definition, scope)
  const position = mode.position(options)
  const request = { definition, shapes: facts, scope, position, source: bench.source, target: bench.target }
  const resolved = resolveRelation(request)
  const relation = await withSteps(bench, request, {
    relation: await mirrored(
      definition,
      await canonicalValues(bench.source, resolved.relation, bench.embedded?.arrives),
      bench.target,
      facts.target,
    ),
    batchRows: batchRowsOf(definition, wish, deps.abilities),
  })
  if (relation.target.beside !== null && Object.keys(scope).length > 0)
    throw new AppError('TM1019', `${definition.id}: apply replace takes the whole target, and a scope is a part of it`)
  if (relation.target.beside !== null && wish.onlyAgain !== undefined)
    throw new AppError(
      'TM1019',
      `${definition.id}: apply replace takes the whole source, and a retry some of its rows`,
      {
        remedy: [`tidemark run ${definition.id}   reads all of it, rejects included`],
      },
    )
  if (wish.onlyAgain !== undefined && bench.embedded?.arrives === true)
    throw new AppError('TM1017', `${definition.id}: a retry of rejects of capture ${mode.kind} between two engines`, {
      remedy: [`tidemark run ${definition.id}   brings rows that are open rejects again`],
    })
  bench.target.check(relation, definition.apply.kind)
  checkPast(definition, scope, facts, relation, wish)
  const remembered = facts.ledger.unmatched.filter((u) => u.state === 'open')
  const givenUp = remembered
    .filter((u) => u.alias !== ORPHAN_ALIAS && isTooOld(u, options, facts.ledger.now))
    .map((u) => u.key)
  const unmatched = remembered.filter((u) => u.alias !== ORPHAN_ALIAS && !givenUp.includes(u.key)).map((u) => u.key)
  const again = [
    ...remembered.filter((u) => u.alias === ORPHAN_ALIAS).map((u) => u.key),
    ...facts.ledger.rejects.map((x) => x.key),
  ]
  const question = {
    options,
    relation,
    source: bench.source,
    abilities: deps.abilities,
    wish,
    watermark: inForce(facts)?.position ?? null,
    earlierLook: facts.ledger.look,
    unmatched,
    again,
    gained: gainedValues(definition, facts, relation, wish),
    targetExists: facts.target !== null,
    replaces: definition.apply.kind === 'replace',
  }
  const decision =
    wish.onlyAgain === undefined
      ? mode.decide(question, await mode.ask(question))
      : await retryDecision(question, openAmong(facts.ledger.rejects, wish.onlyAgain))
  if (decision.kind === 'take' && decision.extraction !== undefined && bench.embedded === undefined)
    throw new AppError(
      'TM1017',
      `${definition.id}: capture ${mode.kind} from ${bench.source.location} to ${bench.target.location}`,
      {
        remedy: [
          `its source is a DuckDB file, a folder of files, a PostgreSQL database, or one of SQL Server that allows SNAPSHOT or READ_COMMITTED_SNAPSHOT; its target a DuckDB file, or a database of PostgreSQL or SQL Server`,
        ],
      },
    )
  return makePlan({
    definition,
    scope,
    facts,
    relation,
    decision,
    unmatched: wish.onlyAgain === undefined ? { open: unmatched, givenUp } : { open: [], givenUp: [] },
    abilities: deps.abilities,
    lanes: bench.lanes(relation),
    options: wish,
    notes: notesOfDrift(definition, facts, relation, bench.target.addColumnTexts(relation), resolved.leftOut),
  })
}

function openAmong(open: readonly RejectRow[], keys: readonly string[]): readonly string[] {
  const wanted = new Set(keys)
  return open.filter((r) => wanted.has(r.key)).map((r) => r.key)
}

function isTooOld(u: UnmatchedRow, options: unknown, now: string): boolean {
  const limit = (options as { readonly unmatchedGiveUpMs?: number | null } | null)?.unmatchedGiveUpMs ?? null
  if (limit === null) return false
  return Temporal.Instant.from(now).epochMilliseconds - Temporal.Instant.from(u.firstSeenAt).epochMilliseconds > limit
}
