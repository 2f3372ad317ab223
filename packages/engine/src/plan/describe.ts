/** Parts of a plan as words. */
import type { FlowSpec } from '@tidemark/contract/flow'

export const CREATE_NOTE = 'the target table does not exist yet and will be created'

const GOALS: Readonly<Record<string, string>> = {
  initial: 'initial load',
  delta: 'delta',
  full: 'full read',
  period: 'a period, delivered again',
  backfill: 'what the target lacks',
  snapshot: 'compared with the last snapshot',
  replace: 'all rows, loaded beside the target and swapped',
}

/** `watermark (initial load)`; goal null: nothing to do. */
export const describeCapture = (d: FlowSpec, goal: string | null): string =>
  goal === null ? d.capture.kind : `${d.capture.kind} (${GOALS[goal] ?? goal})`
