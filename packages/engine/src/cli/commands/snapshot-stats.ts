import type { Command } from '../command.ts'
import { statsText } from '../print/archive-text.ts'

const DEFAULT_DAYS = 30

export const snapshotStats: Command = async (context, { options }) => {
  const days = options.positive('--days') ?? DEFAULT_DAYS
  await using app = await context.openApp()
  const document = await app.snapshotStats(days)
  context.answer(document, () => statsText(document, context.screen))
  return 0
}
