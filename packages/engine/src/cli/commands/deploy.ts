import path from 'node:path'
import type { Command } from '../command.ts'
import { confirm } from '../confirm.ts'
import { differencesInline, differencesText, isAbsent, keptText, writtenText } from '../print/difference-text.ts'

export const deploy: Command = async (context, { args, options }) => {
  const file = args[0] === undefined ? null : path.resolve(context.io.cwd, args[0])
  const dryRun = options.flag('--dry-run')
  const overwrite = options.flag('--overwrite')
  await using app = await context.openApp({ keepsBytes: dryRun })

  const edited = overwrite && !dryRun ? (await app.compare(file)).editedByHand.filter((d) => !isAbsent(d)) : []
  if (edited.length > 0) {
    if (!context.json)
      context.note(
        `--overwrite takes back what was edited by hand:\n${differencesText(edited, context.noteStyle).trimEnd()}`,
      )
    await confirm(
      context,
      options.flag('--yes'),
      'Take the YAML instead?',
      `deploy --overwrite would take back ${differencesInline(edited)}`,
    )
  }
  const done = await app.deploy({ path: file, dryRun, overwrite })
  const { written } = done
  const absent = done.kept.filter(isAbsent)
  const kept = done.kept.filter((d) => !isAbsent(d))

  context.answer({ dry_run: dryRun, written, kept, absent }, () => {
    const { style } = context.screen
    const told = differencesText([...written, ...absent], style) + keptText(kept)
    if (written.length === 0) return `${told}Nothing to change.\n`
    return `${told}${dryRun ? `Would deploy ${writtenText(written)}. Nothing was written.` : `deployed ${writtenText(written)}`}\n`
  })
  return 0
}
