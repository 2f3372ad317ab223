/** What a bench answers: one row for each figure. */
export interface Result {
  readonly name: string
  readonly ours: number
  readonly reference: number
  /** ours ÷ reference, the median of the rounds: the two of a round were measured one after the other */
  readonly ratio: number
  readonly unit: 's' | 'ms' | '1/s' | 'MB' | '×'
  readonly runs: number
  /** the greatest resident memory of a process that ran ours */
  readonly peak_rss_mb: number
}

export interface BenchContext {
  /** a folder of this bench's own, removed afterwards */
  readonly dir: string
  /** 1: as the figures are defined; tests take less */
  readonly scale: number
  /** engine.memory of the projects; null: the default */
  readonly memory: string | null
  /** of each measurement; null: as the bench defines them */
  readonly runs: number | null
  readonly say: (text: string) => void
}

/** Thrown by a bench that this version cannot run; its reason is shown, and the others go on. */
export class Skipped extends Error {
  override readonly name = 'Skipped'
}

/** Thrown where something of the machine is missing: exit 2, naming it. */
export class Missing extends Error {
  override readonly name = 'Missing'
}

export const rows = (n: number, { scale }: BenchContext): number => Math.max(100, Math.round(n * scale))

/** How often a bench measures that is to measure so often. */
export const runsOf = (usual: number, { runs }: BenchContext): number => runs ?? usual

export function resultOf(
  name: string,
  unit: Result['unit'],
  ours: readonly number[],
  reference: readonly number[],
  peakRssMb: number,
): Result {
  if (ours.length !== reference.length) throw new RangeError(`${name}: each of ours needs a reference of its round`)
  return {
    name,
    ours: rounded(median(ours)),
    reference: rounded(median(reference)),
    ratio: rounded(median(ours.map((a, i) => a / (reference[i] ?? Number.NaN)))),
    unit,
    runs: ours.length,
    peak_rss_mb: Math.round(peakRssMb),
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low, high] = [sorted[sorted.length % 2 === 0 ? middle - 1 : middle], sorted[middle]]
  if (low === undefined || high === undefined) throw new RangeError('no value has no median')
  return (low + high) / 2
}

const rounded = (n: number): number => Math.round(n * 1_000) / 1_000
