import path from 'node:path'
import type { Command } from '../command.ts'
import { argument } from '../option-reader.ts'
import { restoreText } from '../print/archive-text.ts'

export const snapshotRestore: Command = async (context, { args, options }) => {
  const wanted = { snapshot: argument(args, 0), to: path.resolve(context.io.cwd, options.required('--to')) }
  await using app = await context.openApp()
  const document = await app.restoreSnapshot(wanted)
  context.answer(document, () => restoreText(document, context.screen))
  return 0
}
