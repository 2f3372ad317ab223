import type { Command } from '../command.ts'
import { argument } from '../option-reader.ts'
import { showText } from '../print/show-text.ts'

export const show: Command = async (context, { args }) => {
  await using app = await context.openApp()
  const document = await app.show(argument(args, 0))
  context.answer(document, () => showText(document, context.screen))
  return 0
}
