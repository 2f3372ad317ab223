import type { Command } from '../command.ts'
import { ensureDeployed } from '../ensure-deployed.ts'
import { argument } from '../option-reader.ts'
import { moveRows } from './run.ts'

export const rejectsRetry: Command = async (context, { args, options }) => {
  const wanted = {
    flow: argument(args, 0),
    keys: options.texts('--key'),
    waitMs: options.durationMs('--wait') ?? 0,
    parallel: options.positive('--parallel'),
  }
  return moveRows(
    context,
    async (app, emit, signal) => {
      const document = await app.retryRejects(wanted, emit, signal)
      if (document.runs.length === 0) context.note(`No open reject of ${wanted.flow}.`)
      return document
    },
    (app) => ensureDeployed(context, app, { take: false, firstIsImplied: false }),
  )
}
