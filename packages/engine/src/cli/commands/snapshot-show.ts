import type { Command } from '../command.ts'
import { argument } from '../option-reader.ts'
import { snapshotText } from '../print/snapshot-text.ts'

export const snapshotShow: Command = async (context, { args }) => {
  await using app = await context.openApp()
  const document = await app.showSnapshot(argument(args, 0))
  context.answer(document, () => snapshotText(document, context.screen))
  return 0
}
