/** The statements that a batch would send, in the order it sends them: for `plan --sql` and the golden files. */
import type { CapturedBatch, FlowRelation, Selection } from '../contract.ts'
import type { Lane } from '../lanes.ts'
import { queueOf } from '../planned-steps.ts'
import { spooledRelation, WHOLE_SPOOL } from '../spooled-relation.ts'
import { printable, type Sql } from '../sql-text.ts'
import * as apply from '../relational/apply.sql.ts'
import { bucketQuery, insertSelected } from '../relational/capture.sql.ts'
import { predicates } from '../relational/selection.sql.ts'
import { type Catalogs, work } from '../relational/names.ts'
import { explainRejects } from '../relational/rejects.sql.ts'
import { readQueue } from '../relational/template.sql.ts'
import { createSpool } from './spool.sql.ts'
import type { TargetEnd } from './target-end.ts'
import { readsRanges, ROW_GROUP } from './work-area.ts'

type Named = readonly { readonly name: string; readonly text: string }[]

export interface Explained {
  readonly c: Catalogs
  readonly landing: TargetEnd['landing']
  readonly flow: FlowRelation
  readonly chosen: Selection
  readonly kind: 'insert-missing' | 'latest'
  readonly lane: Lane
}

export function explainBatch({ c, landing, flow, chosen, kind, lane }: Explained): Named {
  const named = (name: string, statements: readonly Sql[]) => statements.map((s) => ({ name, text: printable(s) }))
  const spooled = lane === 'spool'
  const taken = spooled ? named('spool', [createSpool(c, flow, predicates(c, flow, chosen, true))]) : []
  const [r, selection] = spooled ? [spooledRelation(flow), WHOLE_SPOOL] : [flow, chosen]
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
  const [only] = all
  const applied = (staged: apply.Staging): Named =>
    landing !== null
      ? named('apply', landing.statements(c, r, kind, staged))
      : [
          ...named('verdict', [
            ...apply.verdict(c, r, kind, staged),
            ...(kind === 'latest' ? [apply.decideTies(c, r, staged)] : []),
          ]),
          ...named('rejects', explainRejects(c, r, staged)),
          ...named('apply', [
            ...apply.take(c, r, kind, staged, []),
            ...(kind === 'latest' ? apply.takePositions(c, r, staged) : []),
          ]),
        ]
  if (only && all.length === 1 && readsRanges(r)) {
    const staged = apply.slice(c, r, split, only)
    return [
      ...taken,
      ...named('capture', [bucketQuery(c, r, only, ROW_GROUP, null)]),
      ...(landing === null ? named('apply to a target with no other row', [apply.insertAll(c, r, staged)]) : []),
      ...applied(staged),
    ]
  }
  return [
    ...taken,
    ...(queue === null ? [] : named('queue', readQueue(c, r, queue, selection.window, true))),
    ...all.flatMap((p, i) => named('capture', [insertSelected(c, r, p, true, i === 0)])),
    ...(r.steps.every((step) => step.batch !== null)
      ? []
      : named('stage', apply.stage(c, r, split, apply.capturedRange(c, r, split)))),
    ...r.steps.flatMap(({ name, batch }) =>
      batch === null ? [] : named(`stage ${name}`, apply.stageTemplate(c, r, batch, split, selection.window, true)),
    ),
    ...applied(apply.staged(r)),
  ]
}
