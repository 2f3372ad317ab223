/** The statements that a batch would send, in the order it sends them: for `plan --sql` and the golden files. */
import type { CapturedBatch, FlowRelation, Selection } from '../contract.ts'
import { queueOf } from '../planned-steps.ts'
import type { ApplyMode } from '../relational/apply.sql.ts'
import { type Catalogs, work } from '../relational/names.ts'
import { predicates } from '../relational/selection.sql.ts'
import { keepsVersions } from '../relational/versions.sql.ts'
import type { Sql } from '../sql-text.ts'
import { insertSelected } from './capture.sql.ts'
import { isPlain } from './land.ts'
import { captureReferring } from './moves.sql.ts'
import { explainRejects } from './rejects.sql.ts'
import { stage, staged, stageTemplate } from './stage.sql.ts'
import { printed } from './style.ts'
import { readQueue } from './template.sql.ts'
import { captureBelow, captureMissing, moved, visitAncestors } from './tree.sql.ts'
import { insertMissing, updateNewer as updateOlder } from './upsert.sql.ts'
import {
  closeOlder,
  decideTies,
  dopOf,
  insertNew,
  takePositions,
  updateNewer,
  verdict,
  type Writing,
} from './verdict.sql.ts'

type Named = readonly { readonly name: string; readonly text: string }[]

const named = (name: string, statements: readonly Sql[]): Named =>
  statements.map((statement) => ({ name, text: printed(statement) }))

export function explainBatch(c: Catalogs, r: FlowRelation, selection: Selection, kind: ApplyMode): Named {
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
  const tree = { c, r, rowIds: false, targetExists: true }
  return [
    ...(queue === null ? [] : named('queue', readQueue(c, r, queue, selection.window, true))),
    ...all.flatMap((p, i) => named('capture', [insertSelected(c, r, p, false, i === 0)])),
    ...(r.tree === null
      ? []
      : [
          ...named('ancestors', [visitAncestors(tree), captureMissing(tree)]),
          ...named('refer', r.tree.reference === undefined ? [] : [captureReferring(tree)]),
          ...named('below', [...moved(tree), captureBelow(tree, selection.window, selection.withNullPosition)]),
        ]),
    ...(r.steps.every((step) => step.batch !== null) ? [] : named('stage', stage(c, r, split, null))),
    ...r.steps.flatMap(({ name, batch }) =>
      batch === null ? [] : named(`stage ${name}`, stageTemplate(c, r, batch, split, selection.window, true)),
    ),
    ...[...new Set(r.steps.map((_, i) => dopOf(r, i + 1)))].flatMap((maxDop) =>
      explainLanding(c, r, kind, { identity: null, maxDop }),
    ),
  ]
}

/** As it is where the table's unique constraints are what the plan saw. */
export function explainLanding(c: Catalogs, r: FlowRelation, kind: ApplyMode, writing: Writing): Named {
  const from = staged(r)
  const suffix = writing.maxDop === null ? '' : `, max_dop ${writing.maxDop}`
  if (isPlain(r, kind)) {
    const update = updateOlder(c, r, kind, from, writing)
    return [
      ...named('rejects', explainRejects(c, r, from)),
      ...named(`apply${suffix}`, [...(update === null ? [] : [update]), insertMissing(c, r, from, writing)]),
    ]
  }
  return [
    ...named('verdict', [...verdict(c, r, kind, from), ...(kind === 'latest' ? [decideTies(c, r, from)] : [])]),
    ...named('rejects', explainRejects(c, r, from)),
    ...named(`apply${suffix}`, [
      ...(kind === 'latest' ? [(keepsVersions(r) ? closeOlder : updateNewer)(c, r, from, writing)] : []),
      insertNew(c, r, from, writing),
      ...(kind === 'latest' ? takePositions(c, r, from) : []),
    ]),
  ]
}
