/** The cheapest lane that is possible, or the one that was asked for. */
import type { Lane, LaneFacts } from '../dialects/lanes.ts'
import { AppError } from '../runtime/app-error.ts'

/** the cheapest first */
const LANES: readonly Lane[] = ['pushdown', 'relay', 'spool']

export interface ChosenLane {
  readonly lane: Lane
  /** spool: all rows are taken out before the first batch */
  readonly spoolsWhole: boolean
  /** said by the plan; null: nothing to say */
  readonly note: string | null
}

/** `extracts`: the capture takes all rows out itself. Throws TM4016 with the reasons. */
export function chooseLane(facts: LaneFacts, asked: string | null, extracts = false): ChosenLane {
  if (extracts) return extracted(facts, asked)
  const wanted = asked === null ? LANES.find((lane) => facts[lane].possible) : LANES.find((lane) => lane === asked)
  if (wanted === undefined)
    throw new AppError(
      'TM4016',
      asked === null
        ? LANES.map((lane) => `${lane}: ${facts[lane].why}`).join('; ')
        : `--lane ${asked}: no lane has that name`,
    )
  const { possible, why, byBatch = false } = facts[wanted]
  const spoolsWhole = wanted === 'spool' && !byBatch
  if (!possible) throw new AppError('TM4016', `--lane ${wanted}: ${why}`)
  if (asked !== null) return { lane: wanted, spoolsWhole, note: `lane ${wanted}, as asked for: ${why}` }
  return { lane: wanted, spoolsWhole, note: wanted === 'pushdown' ? null : `lane ${wanted}: ${facts.pushdown.why}` }
}

/** Whatever is cheapest: the rows are out already, and batches read them there. */
function extracted({ spool }: LaneFacts, asked: string | null): ChosenLane {
  if (asked !== null && asked !== 'spool')
    throw new AppError('TM4016', `--lane ${asked}: this capture takes all rows out before it knows which to deliver`)
  if (!spool.possible) throw new AppError('TM4016', `spool: ${spool.why}`)
  return { lane: 'spool', spoolsWhole: true, note: null }
}
