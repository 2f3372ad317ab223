import path from 'node:path'
import type { Command } from '../command.ts'
import { argument, type OptionReader, usage } from '../option-reader.ts'
import { restoreText } from '../print/archive-text.ts'

export const snapshotRestore: Command = async (context, { args, options }) => {
  const wanted = { snapshot: argument(args, 0), to: destination(options, context.io.cwd) }
  await using app = await context.openApp()
  const document = await app.restoreSnapshot(wanted)
  context.answer(document, () => restoreText(document, context.screen))
  return 0
}

function destination(options: OptionReader, cwd: string) {
  const [to, into, table] = ['--to', '--into', '--table'].map((flag) => options.text(flag))
  if ((to == null) === (into == null) || (into == null) !== (table == null))
    throw usage('where to? --to FILE, or --into CONNECTION --table NAME')
  return into == null
    ? { file: path.resolve(cwd, options.required('--to')) }
    : { connection: options.required('--into'), table: options.required('--table') }
}
