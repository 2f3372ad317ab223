/** Columns that came to the source or went from it since the watermark was earned, and what `drift` says of them. Pure. */
import type { FlowSpec } from '@tidemark/contract/flow'
import { formatTableName } from '@tidemark/contract/table-name'
import { AppError } from '../runtime/app-error.ts'
import type { Coverage } from './coverage.ts'

export interface SourceDrift {
  /** moved from now on, without the choice that another change of coverage asks for */
  readonly gained: readonly string[]
  /** delivered until now */
  readonly lost: readonly string[]
}

const NONE: SourceDrift = { gained: [], lost: [] }

/** Only columns that the flow does not name: those it names are its own choice, or an error. */
export function sourceDrift(d: FlowSpec, before: Coverage, now: Coverage): SourceDrift {
  const { known } = before
  if (known === undefined || now.known === undefined || before.source !== now.source) return NONE
  const there = now.known
  const { include, rename } = d.columns
  const named = new Set([...(include ?? []), ...Object.keys(rename)].map((n) => n.toLowerCase()))
  const unnamed = (column: string): boolean => !named.has(column.toLowerCase())
  return {
    gained: now.columns.filter((c) => there.includes(c) && !known.includes(c) && unnamed(c)),
    lost: before.columns.filter((c) => known.includes(c) && !there.includes(c) && unnamed(c)),
  }
}

/** Throws TM4108 where columns went that the flow has to have. */
export function refuseLost(d: FlowSpec, { lost }: SourceDrift): void {
  if (lost.length === 0 || d.drift === 'ignore') return
  throw new AppError(
    'TM4108',
    `the source ${formatTableName(d.source.table)} no longer has ${lost.join(', ')}, delivered by earlier runs`,
    {
      remedy: [
        'bring the columns back in the source',
        'or drift: ignore   goes on with the columns that both have',
        `or tidemark run ${d.id} --accept-change --reason TEXT   goes on without them`,
      ],
    },
  )
}

/** The coverage before, as if it had been earned for the columns of now, as far as the policy allows. */
export function excusedBy(d: FlowSpec, before: Coverage, { gained, lost }: SourceDrift): Coverage {
  const kept = d.drift === 'ignore' ? before.columns.filter((c) => !lost.includes(c)) : before.columns
  return { ...before, columns: d.drift === 'add' ? [...kept, ...gained] : kept }
}

export function driftNotes(
  d: FlowSpec,
  found: SourceDrift,
  adds: readonly string[],
  ddl: readonly string[],
  leftOut: readonly string[],
): readonly string[] {
  const gained = d.drift === 'add' ? found.gained.filter((c) => !adds.includes(c)) : []
  const late = 'rows that are there already get it when they change (--full reads all again)'
  return [
    ...ddl.map((text) => `drift: add   ${text}; ${late}`),
    ...gained.map((c) => `drift: add   the source has the new column ${c}; ${late}`),
    ...(leftOut.length > 0 ? [`drift: ignore   not moved, since the target lacks it: ${leftOut.join(', ')}`] : []),
    ...(found.lost.length > 0 && d.drift === 'ignore'
      ? [`drift: ignore   gone from the source, left as it is in the target: ${found.lost.join(', ')}`]
      : []),
  ]
}
