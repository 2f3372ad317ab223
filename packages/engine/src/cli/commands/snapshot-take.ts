import type { Command } from '../command.ts'
import { ensureDeployed } from '../ensure-deployed.ts'
import { argument } from '../option-reader.ts'
import { parseRunOptions } from '../run-options.ts'
import { takenText } from '../print/snapshot-text.ts'
import { moveRows } from './run.ts'

export const snapshotTake: Command = async (context, { args, options }) => {
  const flow = argument(args, 0)
  const wanted = { ...parseRunOptions([flow], options), flow }
  const wish = { take: options.flag('--deploy') || options.flag('--yes'), firstIsImplied: true }
  return moveRows(
    context,
    (app, emit, signal) => app.takeSnapshot(wanted, emit, signal),
    (app) => ensureDeployed(context, app, wish),
    false,
    ({ snapshots }) => takenText(snapshots, context.screen),
  )
}
