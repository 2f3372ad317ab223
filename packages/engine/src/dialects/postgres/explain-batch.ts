/** The statements that a batch would send, in the order it sends them: for `plan --sql` and the golden files. */
import type { CapturedBatch, FlowRelation, Selection } from '../contract.ts'
import { queueOf } from '../planned-steps.ts'
import { printable, type Sql } from '../sql-text.ts'
import * as apply from '../relational/apply.sql.ts'
import { insertSelected } from '../relational/capture.sql.ts'
import { predicates } from '../relational/selection.sql.ts'
import { type Catalogs, work } from '../relational/names.ts'
import { explainRejects } from '../relational/rejects.sql.ts'
import { readQueue } from '../relational/template.sql.ts'
import { keepsVersions } from '../relational/versions.sql.ts'
import { columnsInUse } from './drift.sql.ts'
import { closeOlder, insertNew, noneParked, park, updateNewer } from './take.sql.ts'
import { upsert } from './upsert.sql.ts'

type Named = readonly { readonly name: string; readonly text: string }[]

export function explainBatch(c: Catalogs, r: FlowRelation, selection: Selection, kind: apply.ApplyMode): Named {
  const split: CapturedBatch = {
    step: 1,
    wave: 1,
    readAt: null,
    range: null,
    first: 1n,
    last: 1000n,
    rows: 1000n,
    bytes: 0n,
  }
  const queue = queueOf(r)
  const all = predicates(c, r, selection, true, queue === null ? undefined : work(c, 'queued'))
  return [
    ...(queue === null ? [] : named('queue', readQueue(c, r, queue, selection.window, true))),
    ...all.flatMap((p, i) => named('capture', [insertSelected(c, r, p, false, i === 0)])),
    ...named('types', [columnsInUse(c, r)]),
    ...(r.steps.every((step) => step.batch !== null) ? [] : named('stage', apply.stage(c, r, split, null))),
    ...r.steps.flatMap(({ name, batch }) =>
      batch === null ? [] : named(`stage ${name}`, apply.stageTemplate(c, r, batch, split, selection.window, true)),
    ),
    ...explainLanding(c, r, kind),
  ]
}

const named = (name: string, statements: readonly Sql[]): Named => statements.map((s) => ({ name, text: printable(s) }))

/** As it is where the table's unique constraints are what the plan saw. */
export function explainLanding(c: Catalogs, r: FlowRelation, kind: apply.ApplyMode): Named {
  const staged = apply.staged(r)
  const { unique, folded } = r.target.rules
  const beside = kind === 'latest' && r.position !== null && r.position.targetColumn === null
  if (unique.length === 0 && folded.length === 0 && !beside && !keepsVersions(r))
    return [...named('rejects', explainRejects(c, r, staged)), ...named('apply', [upsert(c, r, kind, staged)])]
  return [
    ...named('verdict', [
      ...apply.verdict(c, r, kind, staged),
      ...(kind === 'latest' ? [apply.decideTies(c, r, staged)] : []),
    ]),
    ...named('rejects', explainRejects(c, r, staged)),
    ...(kind === 'latest' && unique.length > 0
      ? named('make way', [...noneParked(c), ...unique.map((columns) => park(c, r, staged, columns))])
      : []),
    ...named('apply', [
      ...(kind === 'latest' ? [(keepsVersions(r) ? closeOlder : updateNewer)(c, r, staged)] : []),
      insertNew(c, r, staged),
      ...(kind === 'latest' ? apply.takePositions(c, r, staged) : []),
    ]),
  ]
}
