import type { Command } from '../command.ts'
import { snapshotsText } from '../print/snapshot-text.ts'

export const snapshotList: Command = async (context, { args }) => {
  await using app = await context.openApp()
  const document = await app.listSnapshots({ flow: args[0] ?? null })
  context.answer(document, () => snapshotsText(document, context.screen))
  return 0
}
