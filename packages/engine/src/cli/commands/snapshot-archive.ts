import type { Command } from '../command.ts'
import { archivesText, retriedText } from '../print/archive-text.ts'

export const snapshotArchive: Command = async (context, { args, options }) => {
  const flow = args[0] ?? null
  const retries = options.flag('--retry')
  await using app = await context.openApp()
  if (!retries) {
    const document = await app.listArchives(flow)
    context.answer(document, () => archivesText(document, context.screen))
    return 0
  }
  const document = await app.retryArchives(flow)
  context.answer(document, () => retriedText(document, context.screen))
  return document.archives.every(({ state }) => state === 'archived') ? 0 : 1
}
