import type { Command } from '../command.ts'
import { argument } from '../option-reader.ts'
import { keyHistoryText } from '../print/key-history-text.ts'

export const snapshotKey: Command = async (context, { args, options }) => {
  const scope = options.texts('--scope').length === 0 ? null : options.scope()
  const wanted = { flow: argument(args, 0), key: argument(args, 1), scope }
  await using app = await context.openApp()
  const document = await app.keyHistory(wanted)
  context.answer(document, () => keyHistoryText(document, context.screen))
  return document.unread.length === 0 ? 0 : 1
}
