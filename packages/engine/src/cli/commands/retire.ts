import type { Command } from '../command.ts'
import { confirm } from '../confirm.ts'
import { counted } from '../print/numbers.ts'
import { retireText } from '../print/retire-text.ts'

export const retire: Command = async (context, { options }) => {
  const wanted = {
    connection: options.required('--connection'),
    database: options.given(['--database']).length === 0 ? null : options.required('--database'),
    reason: options.given(['--reason']).length === 0 ? null : options.required('--reason'),
  }
  const dryRun = options.flag('--dry-run')
  const yes = options.flag('--yes')
  await using app = await context.openApp({ keepsBytes: dryRun })

  const preview = await app.retire({ ...wanted, dryRun: true })
  if (dryRun || preview.rows.task === 0) {
    context.answer(preview, () => retireText(preview, context.screen))
    return 0
  }
  if (!yes && !context.json) context.note(retireText(preview, { ...context.screen, style: context.noteStyle }))
  const what = counted(preview.rows.task, 'task')
  await confirm(context, yes, `Switch off ${what}?`, `retire would switch off ${what}`)
  const done = await app.retire({ ...wanted, dryRun: false })
  context.answer(done, () => retireText(done, context.screen))
  return 0
}
