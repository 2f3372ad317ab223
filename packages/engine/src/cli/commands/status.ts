import type { Command } from '../command.ts'
import { statusText } from '../print/status-text.ts'

export const status: Command = async (context) => {
  await using app = await context.openApp()
  const document = await app.status()
  context.answer(document, () => statusText(document, context.screen))
  return 0
}
