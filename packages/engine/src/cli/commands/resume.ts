import type { Command } from '../command.ts'
import { usage } from '../option-reader.ts'
import { moveRows } from './run.ts'

export const resume: Command = async (context, { args, options }) => {
  const run = args[0] ?? null
  if ((run === null) !== options.flag('--last')) throw usage('name a run, or --last for the newest unfinished one')
  const waitMs = options.durationMs('--wait') ?? 0
  const parallel = options.positive('--parallel')
  return moveRows(context, (app, emit, signal) => app.resume({ run, waitMs, parallel }, emit, signal))
}
