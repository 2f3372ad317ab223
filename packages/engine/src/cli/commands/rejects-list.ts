import type { Command } from '../command.ts'
import { rejectsText } from '../print/rejects-text.ts'

const DEFAULT_LIMIT = 200

export const rejectsList: Command = async (context, { args, options }) => {
  const all = options.flag('--all')
  const limit = options.positive('--limit') ?? DEFAULT_LIMIT
  await using app = await context.openApp()
  const document = await app.listRejects({ flow: args[0] ?? null, all, limit })
  context.answer(document, () =>
    document.rejects.length === 0
      ? `No ${all ? '' : 'open '}reject${args[0] === undefined ? '' : ` of ${args[0]}`}.\n`
      : rejectsText(document, context.screen),
  )
  return 0
}
