/** What every act is given, and what several of them do. */
import type { RunJson, WatermarksDocument } from '@tidemark/contract/api'
import { scopeText } from '@tidemark/contract/flow'
import { AppError } from '../runtime/app-error.ts'
import type { CommandLine } from './command-line.ts'
import type { DemoDatabase } from './demo-database.ts'
import { FLOW } from './demo-yaml.ts'
import type { Narrator } from './narrator.ts'

export interface Stage {
  readonly database: DemoDatabase
  readonly narrator: Narrator
  readonly tidemark: CommandLine
  /** the folder that new files arrive in */
  readonly arrivals: string
}

/** `tidemark run`, shown as one types it; its runs are told and remembered. */
export async function playRun(
  { narrator, tidemark }: Stage,
  ...options: readonly string[]
): Promise<readonly RunJson[]> {
  narrator.command(['tidemark run', FLOW, ...options].join(' '))
  const { runs } = await tidemark.run(FLOW, ...options)
  for (const run of runs) narrator.ran(run)
  return runs
}

/** The one run that a command is expected to make. */
export async function playOneRun(stage: Stage, ...options: readonly string[]): Promise<RunJson> {
  const [run, ...more] = await playRun(stage, ...options)
  if (run === undefined || more.length > 0)
    throw new AppError('TM9002', `one run was expected, there are ${run === undefined ? 'none' : more.length + 1}`)
  return run
}

/** `2 inserted, 25 updated, 3 the same` */
export function rowsText({ rows }: RunJson): string {
  const { inserted, updated, skipped_same: same, skipped_older: older } = rows
  const others = [
    [same, 'the same'],
    [older, 'older'],
  ] as const
  return [
    `${inserted} inserted`,
    `${updated} updated`,
    ...others.filter(([n]) => n !== 0).map(([n, word]) => `${n} ${word}`),
  ].join(', ')
}

/** What a run did, where it was to insert and update just so many rows. */
export const did = (run: RunJson, inserted: number, updated: number): boolean =>
  run.status === 'succeeded' && run.rows.inserted === inserted && run.rows.updated === updated

export const found = (run: RunJson): string => `${run.status}, ${rowsText(run)}`

/** null: that scope has none. */
export function positionOf(
  { watermarks }: WatermarksDocument,
  scope: Readonly<Record<string, string>> = {},
): string | null {
  return watermarks.find((w) => w.flow === FLOW && scopeText(w.scope) === scopeText(scope))?.position ?? null
}
