import type { Command } from '../command.ts'
import { runsText } from '../print/runs-text.ts'

const DEFAULT_LIMIT = 20

export const runs: Command = async (context, { args, options }) => {
  const limit = options.positive('--limit') ?? DEFAULT_LIMIT
  await using app = await context.openApp()
  const document = await app.runs({ flow: args[0] ?? null, limit })
  context.answer(document, () => runsText(document, context.screen))
  return 0
}
