/** What becomes of a flow's snapshots, wherever they are kept. */
import { type RunState, UNFINISHED_RUN_STATES } from '@tidemark/contract/states'
import type { SnapshotRow } from './snapshot-row.ts'

const SETTLED: readonly RunState[] = ['succeeded', 'succeeded_with_rejects', 'nothing_to_do']

export type Standing = Pick<SnapshotRow, 'id' | 'number' | 'scope' | 'run' | 'state'>

export interface Keeping {
  /** of each scope */
  readonly keep: number
  /** in the making; null: none is */
  readonly own: string | null
  /** stays, however many are newer */
  readonly held: (id: string) => boolean
}

export interface Tidying {
  /** their runs settled, and nobody has seen it yet */
  readonly kept: readonly string[]
  readonly gone: readonly string[]
}

export type StateOf = (run: string) => Promise<RunState | null>

export async function tidying(snapshots: readonly Standing[], keeping: Keeping, stateOf: StateOf): Promise<Tidying> {
  const states = new Map<string, RunState | null>()
  for (const { id, run, state } of snapshots)
    if (state === 'building' && id !== keeping.own) states.set(run, await stateOf(run))
  return decideTidying(snapshots, keeping, states)
}

/**
 * A snapshot whose run settled is kept, one whose run will not settle any more goes, and of each scope the newest stay.
 * `states`: of the runs of those that are building; null: there is no such run.
 */
export function decideTidying(
  snapshots: readonly Standing[],
  { keep, own, held }: Keeping,
  states: ReadonlyMap<string, RunState | null>,
): Tidying {
  const building = snapshots.filter(({ id, state }) => state === 'building' && id !== own)
  const inState = (which: readonly string[]) => building.filter(({ run }) => which.includes(states.get(run) ?? ''))
  const kept = inState(SETTLED)
  const open = inState(UNFINISHED_RUN_STATES)
  const staying = snapshots
    .filter((s) => s.state === 'kept' || kept.includes(s))
    .toSorted((a, b) => (a.number < b.number ? -1 : 1))
  const older = [...Map.groupBy(staying, ({ scope }) => scope).values()].flatMap((ofScope) => ofScope.slice(0, -keep))
  return {
    kept: kept.map(({ id }) => id),
    gone: [
      ...building.filter((s) => !kept.includes(s) && !open.includes(s)),
      ...older.filter(({ id }) => !held(id)),
    ].map(({ id }) => id),
  }
}
