import type { Command } from '../command.ts'
import { validateText } from '../print/archive-text.ts'

export const snapshotValidate: Command = async (context, { args, options }) => {
  const wanted = { snapshot: args[0] ?? null, full: options.flag('--full') }
  await using app = await context.openApp()
  const document = await app.validateArchives(wanted)
  context.answer(document, () => validateText(document, context.screen))
  return document.archives.every(({ sound }) => sound) ? 0 : 1
}
