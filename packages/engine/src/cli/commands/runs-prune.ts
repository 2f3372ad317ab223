import type { PruneDocument } from '@tidemark/contract/api'
import type { Command } from '../command.ts'
import { confirm } from '../confirm.ts'
import { usage } from '../option-reader.ts'
import { count, counted } from '../print/numbers.ts'
import { localTime } from '../print/times.ts'

export const runsPrune: Command = async (context, { options }) => {
  const keepMs = options.durationMs('--keep')
  if (keepMs === null) throw usage('--keep needs a duration, such as 90d')
  const dryRun = options.flag('--dry-run')
  const yes = options.flag('--yes')
  await using app = await context.openApp({ keepsBytes: dryRun })

  const preview = await app.pruneRuns({ keepMs, dryRun: true })
  const text = (document: PruneDocument): string => pruneText(document, context.screen.zone)
  if (dryRun || preview.runs + preview.groups === 0) {
    context.answer(preview, () => text(preview))
    return 0
  }
  if (!yes && !context.json) context.note(text(preview))
  const what = counted(preview.runs, 'run')
  await confirm(context, yes, `Delete ${what}?`, `deletion of ${what}`)
  const done = await app.pruneRuns({ keepMs, dryRun: false })
  context.answer(done, () => text(done))
  return 0
}

function pruneText({ dry_run: dry, before, runs, batches, groups, kept }: PruneDocument, zone: string): string {
  const gone = `${counted(runs, 'run')} with ${counted(batches, 'batch', 'batches')}, ${counted(groups, 'empty group')}`
  const stay = kept === 0 ? '' : ` · ${count(kept)} as old are kept: something of the present refers to them`
  return `${gone} ${dry ? 'would be deleted' : 'deleted'}, ended before ${localTime(before, zone)}${stay}\n`
}
