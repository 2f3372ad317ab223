import type { Command } from '../command.ts'
import { confirm } from '../confirm.ts'
import { argument, type OptionReader, usage } from '../option-reader.ts'
import { counted } from '../print/numbers.ts'
import { rejectsText } from '../print/rejects-text.ts'

export const rejectsDismiss: Command = async (context, { args, options }) => {
  const which = { flow: argument(args, 0), keys: options.texts('--key'), ids: idsOf(options) }
  const all = options.flag('--all-open')
  if ((which.keys.length + which.ids.length === 0) !== all) throw usage('which ones? --key, --id, or --all-open')
  const reason = options.required('--reason')
  const yes = options.flag('--yes')
  await using app = await context.openApp()

  const found = await app.openRejects(which)
  const ids = found.rejects.map((r) => r.id)
  if (ids.length > 0) {
    if (!yes && !context.json) context.note(rejectsText(found, { ...context.screen, style: context.noteStyle }))
    const what = `${counted(ids.length, 'reject')} of ${which.flow}`
    await confirm(context, yes, `Dismiss ${what}? The rows stay as they are in the target.`, `dismissal of ${what}`)
  }
  // by their numbers: one that was delivered while the person thought is not dismissed, and none beside it
  const closed = await app.dismissRejects({ flow: which.flow, ids, reason })
  context.answer(closed, () =>
    ids.length === 0
      ? `No open reject of ${which.flow}.\n`
      : `${context.screen.style.good('dismissed')}   ${counted(closed.rejects.length, 'reject')} of ${which.flow}\n`,
  )
  return 0
}

const idsOf = (options: OptionReader): readonly number[] =>
  options.texts('--id').map((text) => {
    if (!/^[1-9]\d{0,14}$/.test(text)) throw usage(`--id must be the number of a reject, not "${text}"`)
    return Number(text)
  })
