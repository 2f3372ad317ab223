import type { Command } from '../command.ts'
import { argument, pairsOf, usage } from '../option-reader.ts'
import { archivesText } from '../print/archive-text.ts'

export const snapshotTag: Command = async (context, { args, options }) => {
  const wanted = {
    snapshot: argument(args, 0),
    set: pairsOf(args.slice(1), 'a tag'),
    remove: options.texts('--remove'),
    retainMs: options.durationMs('--retain'),
  }
  const both = wanted.remove.find((name) => wanted.set[name] !== undefined)
  if (both !== undefined) throw usage(`the tag ${both} is set and removed at once`)
  if (Object.keys(wanted.set).length + wanted.remove.length === 0 && wanted.retainMs === null)
    throw usage('which tag? NAME=VALUE, --remove NAME, or --retain DURATION')
  await using app = await context.openApp()
  const document = await app.tagArchive(wanted)
  context.answer(document, () => archivesText({ archives: [document.archive] }, context.screen))
  return 0
}
