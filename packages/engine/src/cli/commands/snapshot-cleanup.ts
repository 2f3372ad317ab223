import type { Command } from '../command.ts'
import { confirm } from '../confirm.ts'
import { cleanupText } from '../print/archive-text.ts'
import { counted } from '../print/numbers.ts'

export const snapshotCleanup: Command = async (context, { args, options }) => {
  const wanted = { flow: args[0] ?? null, keepDays: options.positive('--keep-days'), tags: options.pairs('--tag') }
  const dryRun = options.flag('--dry-run')
  const yes = options.flag('--yes')
  await using app = await context.openApp({ keepsBytes: dryRun })

  const preview = await app.cleanUpArchives({ ...wanted, dryRun: true })
  if (dryRun || preview.archives.length === 0) {
    context.answer(preview, () => cleanupText(preview, context.screen))
    return 0
  }
  if (!yes && !context.json) context.note(cleanupText(preview, context.screen))
  const what = counted(preview.archives.length, 'archive')
  await confirm(context, yes, `Delete ${what}?`, `deletion of ${what}`)
  const done = await app.cleanUpArchives({ ...wanted, dryRun: false })
  context.answer(done, () => cleanupText(done, context.screen))
  return done.failed.length === 0 ? 0 : 1
}
