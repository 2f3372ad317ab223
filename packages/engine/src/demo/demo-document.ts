/** What the demo hands back, and prints with `--json`. */
import type { RunJson } from '@tidemark/contract/api'

/** One run of the demo, as the ledger has it. */
export interface DemoRun {
  readonly act: string
  readonly run: string | null
  readonly status: RunJson['status']
  readonly rows: RunJson['rows']
  readonly seconds: number
}

export interface DemoDocument {
  readonly project: string
  /** how `tidemark` is called from there */
  readonly command: string
  /** in the order they were played; an act may take several runs */
  readonly acts: readonly DemoRun[]
  /** rows that the final comparison of source and target found missing, surplus or different */
  readonly differences: bigint
  /** false: the databases it played on ended with it, and only the ledger is left */
  readonly stays: boolean
}
