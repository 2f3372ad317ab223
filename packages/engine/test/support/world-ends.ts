/** Where the databases of a world are, when they are no DuckDB files in its folder. */
import type { FlowSpec } from '@tidemark/contract/flow'
import type { OpenBench } from '../../src/dialects/contract.ts'
import type { OpenedBench } from '../../src/run/run-deps.ts'

export type Side = 'source' | 'target'

export interface WorldHooks {
  /** between the clock and the ceiling; tests begin a late transaction there */
  readonly betweenClockAndCeiling: () => Promise<void>
}

export interface WorldEnds extends AsyncDisposable {
  /** What rows are sorted by in the order in which they landed. */
  readonly place: string
  /** of runs whose test says nothing of it; left out: as short as a file is fast */
  readonly leaseMs?: number
  exec(side: Side, statements: readonly string[]): Promise<void>
  rows(side: Side, query: string): Promise<readonly (readonly (string | null)[])[]>
  openBench(
    definition: FlowSpec,
    options: Omit<OpenBench, 'source' | 'target'>,
    hooks: WorldHooks | undefined,
  ): Promise<OpenedBench>
}

export type MakeEnds = () => Promise<WorldEnds>

let chosen: MakeEnds | null = null

/** From now on the worlds that this process opens have these ends. Called before the tests of a suite are imported. */
export const openWorldsWith = (make: MakeEnds): void => {
  chosen = make
}

let slowness = 1

/** Of such worlds a statement may take so many times as long as of files. */
export const slowBy = (times: number): void => {
  slowness = times
}

/** A lease that is short, and longer than what its test does between two renewals. */
export const shortLease = (ms: number): number => ms * slowness

/** null: DuckDB files. */
export const chosenEnds = (): MakeEnds | null => chosen
