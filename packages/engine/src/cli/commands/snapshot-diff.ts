import type { Command } from '../command.ts'
import { argument, usage } from '../option-reader.ts'
import { snapshotDiffText } from '../print/snapshot-diff-text.ts'

const DEFAULT_LIMIT = 20

export const snapshotDiff: Command = async (context, { args, options }) => {
  const limit = options.positive('--limit')
  if (limit !== null && options.flag('--all')) throw usage('--all is every row: leave out --limit')
  const wanted = {
    flow: argument(args, 0),
    before: args[1] ?? null,
    after: args[2] ?? null,
    scope: options.scope(),
    limit: options.flag('--all') ? null : (limit ?? DEFAULT_LIMIT),
  }
  await using app = await context.openApp()
  const document = await app.diffSnapshots(wanted)
  context.answer(document, () => snapshotDiffText(document, context.screen))
  return 0
}
