/** What a test wants of `run`, over a run that is not told anything. */
import type { RunOptions } from '../../src/app/app.ts'

export const AS_IT_STANDS: RunOptions = {
  flows: [],
  all: true,
  module: null,
  scope: {},
  full: false,
  after: null,
  upTo: null,
  fresh: false,
  buffer: null,
  batchRows: null,
  parallel: null,
  lane: null,
  dryRun: false,
  waitMs: 0,
  acceptChange: false,
  allowsDeletes: false,
  reason: null,
}

export type RunWish = Partial<RunOptions>
