/** Rows whose position lies in a window that is safe to read: `after < position <= upTo`. */
import type { WatermarkOptions } from '@tidemark/contract/capture'
import { formatDuration, parseDuration } from '@tidemark/contract/duration'
import { formatColumnRef } from '@tidemark/contract/table-name'
import { largestBackwardStepMs } from '@tidemark/contract/zone'
import type { Bounds, Ceiling, Moment } from '../dialects/bounds.ts'
import type { PlannedPosition, Selection, Tally } from '../dialects/contract.ts'
import { AppError } from '../runtime/app-error.ts'
import type { CaptureMode, CaptureQuestion } from './capture-mode.ts'

type Question = CaptureQuestion & { readonly options: WatermarkOptions }

interface WatermarkFacts {
  readonly moment: Moment | null
  readonly bounds: Bounds | null
  readonly selection: Selection
  readonly decidedBy: string
  readonly tally: Tally
}

const DEFAULT_BUFFER_MS = 5n * 60_000n
/** what earlier systems used: application stamps, or no ceiling, leave nothing else to rely on */
const UNSURE_BUFFER_MS = 240n * 60_000n

/** Orders of which the server itself knows the oldest that is not committed yet. */
const EXACT: Readonly<Record<string, string>> = { xid: 'transaction ids', rowversion: 'row versions' }

const positionOf = (q: Question): PlannedPosition => {
  if (q.relation.position === null) throw new TypeError('a watermark capture has a position')
  return q.relation.position
}

const isTime = (q: Question): boolean => q.source.positionClass(positionOf(q).type) === 'time'

/** ms for times, a count for numbers. `relies`: the ceiling does not see all. */
function bufferOf(q: Question, relies: boolean): bigint {
  const number = !isTime(q)
  const exact = EXACT[q.source.positionClass(positionOf(q).type) ?? '']
  if (exact !== undefined) {
    if (q.wish.buffer !== null || q.options.buffer !== null)
      throw new AppError('TM1019', `buffer of ${formatColumnRef(q.options.position)}: ${exact} need none`)
    return 0n
  }
  if (q.wish.buffer !== null) {
    const count = /^\d+$/.test(q.wish.buffer) ? BigInt(q.wish.buffer) : null
    const ms = parseDuration(q.wish.buffer)
    if (number ? count === null : ms === null)
      throw new AppError(
        'TM1002',
        `--buffer ${q.wish.buffer}: ${number ? 'the position is a number, so its buffer is a count' : 'write a duration such as 90s, 15m, 4h'}`,
      )
    return number ? (count ?? 0n) : BigInt(ms ?? 0)
  }
  const own = q.options.buffer
  if (own !== null) {
    if ('count' in own !== number)
      throw new AppError(
        'TM1019',
        `buffer of ${formatColumnRef(q.options.position)}: ${number ? 'the position is a number, so its buffer is a count' : 'the position is a time, so its buffer is a duration'}`,
      )
    return 'count' in own ? own.count : BigInt(own.ms)
  }
  if (number) return 0n
  return q.abilities.ceiling && !relies && stampedBy(q) === 'database' ? DEFAULT_BUFFER_MS : UNSURE_BUFFER_MS
}

const stampedBy = (q: Question): 'database' | 'application' => q.options.stampedBy ?? q.abilities.stampedBy

function selectionOf(q: Question, window: { after: string | null; upTo: string | null }): Selection {
  return {
    window,
    withNullPosition: q.options.nulls === 'always' && q.wish.period === null,
    absent: null,
    unmatched: q.wish.period === null ? q.unmatched : [],
    again: q.wish.period === null ? q.again : [],
    gained: q.gained,
  }
}

async function askPeriod(
  q: Question,
  period: { readonly after: string; readonly upTo: string },
): Promise<WatermarkFacts> {
  const type = positionOf(q).type
  const canonical = async (name: string, text: string): Promise<string> => {
    const value = await q.source.canonical(type, text)
    if (value === null) throw new AppError('TM4014', `${name} ${text} is no ${type}`)
    return value
  }
  const after = await canonical('--after', period.after)
  const upTo = await canonical('--up-to', period.upTo)
  if ((await q.source.compare(type, after, upTo)) >= 0)
    throw new AppError('TM1002', `--after ${after} is not before --up-to ${upTo}`)
  const selection = selectionOf(q, { after, upTo })
  return {
    moment: null,
    bounds: null,
    selection,
    decidedBy: 'period',
    tally: await q.source.tally(q.relation, selection, 0n, q.targetExists),
  }
}

/** Everything, or everything of the values that a list gained: not only what is new. */
const readsPast = (q: Question): boolean => q.wish.full || q.gained.length > 0

/** Order of reading: clock, then ceiling, and only then the statement that reads rows. */
async function askWindow(q: Question): Promise<WatermarkFacts> {
  const position = positionOf(q)
  if (position.clock === 'local' && position.zone !== null) refuseShortBuffer(position.zone, bufferOf(q, false))
  const table =
    position.ref.table === null
      ? q.relation.source.table
      : (q.relation.source.joins.find((j) => j.as === position.ref.table)?.table ?? q.relation.source.table)
  const moment = await q.source.moment(position, table)
  const buffer = bufferOf(q, moment.relies != null)
  if (moment.relies != null && buffer === 0n && q.source.positionClass(position.type) === 'number')
    throw new AppError(
      'TM1019',
      `buffer of ${formatColumnRef(position.ref)}: say how many numbers back a row may come late; ${moment.relies}`,
    )
  const bounds = await q.source.bounds({ position, moment, buffer, watermark: q.watermark, earlierLook: q.earlierLook })
  if (bounds.clockBelowWatermark)
    throw new AppError('TM4009', `the clock says ${moment.clock}, the watermark is ${q.watermark}`)
  // what was safe once stays safe, so what reads the past never ends below the watermark
  const upTo = readsPast(q) && bounds.heldBack ? q.watermark : bounds.upTo
  const selection = selectionOf(q, { after: q.wish.full ? null : bounds.after, upTo })
  const tally = await q.source.tally(q.relation, selection, isTime(q) ? buffer : 0n, q.targetExists)
  return { moment, bounds, selection, decidedBy: bounds.decidedBy, tally }
}

function refuseShortBuffer(zone: string, buffer: bigint): void {
  const step = largestBackwardStepMs(zone)
  if (buffer < BigInt(step))
    throw new AppError(
      'TM1019',
      `clock: local in ${zone} steps back by ${formatDuration(step)}, and the buffer is shorter: rows of the repeated hour would be lost`,
    )
}

/** Who holds back; null: nobody does. */
const ceilingOf = ({ moment, bounds }: WatermarkFacts): Ceiling | null =>
  bounds?.ceiling === undefined ? (moment?.ceiling ?? null) : bounds.ceiling

function heldText(ceiling: Ceiling | null): string {
  if (ceiling === null) return 'the buffer'
  const since = ceiling.at === null ? 'and when it began is not known' : `open since ${ceiling.at}`
  return `transaction ${ceiling.heldBy}, ${since}`
}

/** What the run relies on where the source cannot prove it. */
function notesOf(q: Question, facts: WatermarkFacts): readonly string[] {
  const notes: string[] = []
  if (facts.bounds?.decidedBy === 'ceiling')
    notes.push(`upTo is held back by ${heldText(ceilingOf(facts))}, not by the buffer`)
  if (facts.moment?.relies != null) notes.push(facts.moment.relies)
  if (facts.bounds && isTime(q) && stampedBy(q) === 'application')
    notes.push(
      `stamps come from the application: rows that are committed more than ${formatDuration(Number(bufferOf(q, facts.moment?.relies != null)))} after their stamp are missed`,
    )
  if (q.relation.position && q.relation.position.targetColumn === null)
    notes.push('the target cannot hold the position: it is kept in tidemark_position')
  if (q.options.nulls === 'always' && facts.tally.nullPositions > 0n)
    notes.push(`${facts.tally.nullPositions} rows without a position are read in every run`)
  notes.push('a watermark sees neither deletes nor changes of the key')
  return notes
}

export const watermark: CaptureMode<WatermarkOptions, WatermarkFacts> = {
  kind: 'watermark',

  position: (o) => ({ ref: o.position, clock: o.clock, zone: o.zone }),

  ask: (q) => (q.wish.period ? askPeriod(q, q.wish.period) : askWindow(q)),

  decide(q, facts) {
    const { tally, bounds, selection } = facts
    const position = positionOf(q)
    if (q.options.nulls === 'fail' && tally.nullPositions > 0n)
      throw new AppError('TM4006', `${tally.nullPositions} rows of ${formatColumnRef(position.ref)} have none`)
    const window = {
      after: selection.window?.after ?? null,
      upTo: selection.window?.upTo ?? null,
      decidedBy: facts.decidedBy,
    }
    const waiting = tally.waiting > 0n ? { rows: tally.waiting, until: tally.waitingUntil } : null
    const notes = notesOf(q, facts)
    const look = (bounds?.look === undefined ? facts.moment?.look : bounds.look) ?? null
    const ceiling = ceilingOf(facts)
    const nothing = (reason: string) => ({ kind: 'nothing', reason, window, waiting, look, notes }) as const
    // no window holds them back, because no window ever takes them
    const withoutPosition = selection.withNullPosition && tally.nullPositions > 0n
    if (
      bounds !== null &&
      bounds.upTo === null &&
      !(readsPast(q) && q.watermark !== null) &&
      !(withoutPosition && ceiling === null)
    ) {
      return nothing(ceiling ? `held back by ${heldText(ceilingOf(facts))}` : 'the source has no rows')
    }
    if (bounds?.heldBack && !readsPast(q) && !withoutPosition && q.again.length + q.unmatched.length === 0) {
      return nothing(
        !isTime(q) && ceiling === null ? `no rows after ${q.watermark}` : `held back by ${heldText(ceilingOf(facts))}`,
      )
    }
    // what reads the past settles even without a row: that there is none is what the watermark then stands for
    const settles = readsPast(q) && q.watermark !== null
    if (tally.rows === 0n && q.again.length === 0 && !settles)
      return nothing(q.watermark === null ? 'the source has no rows that are due' : `no rows after ${q.watermark}`)
    const goal = q.wish.period ? 'period' : q.wish.full ? 'full' : q.watermark === null ? 'initial' : 'delta'
    const keeps = q.wish.period !== null || (bounds?.heldBack === true && !readsPast(q))
    return {
      kind: 'take',
      goal,
      window,
      selection,
      watermark: keeps ? null : { position: window.upTo },
      look,
      rows: tally.rows,
      waiting,
      notes,
    }
  },
}
