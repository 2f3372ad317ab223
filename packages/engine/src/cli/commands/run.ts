import type { RunDocument } from '@tidemark/contract/api'
import type { Emit } from '@tidemark/contract/events'
import type { App } from '../../app/app.ts'
import type { Command, CommandContext } from '../command.ts'
import { ensureDeployed } from '../ensure-deployed.ts'
import { type ExitCode, exitCodeOf } from '../exit-code.ts'
import { runErrorsText, runResultText } from '../print/run-result.ts'
import { openProgress } from '../progress/open-progress.ts'
import { parseRunOptions } from '../run-options.ts'
import { StopSignals } from '../stop-signals.ts'

export const run: Command = async (context, { args, options }) => {
  const wanted = parseRunOptions(args, options)
  const wish = { take: options.flag('--deploy') || options.flag('--yes'), firstIsImplied: !wanted.dryRun }
  return moveRows(
    context,
    async (app, emit, signal) => app.run(wanted, emit, signal),
    (app) => ensureDeployed(context, app, wish),
    wanted.dryRun,
  )
}

/** What `run` and `resume` share: open, show progress, stop in steps, print the runs. */
export async function moveRows(
  context: CommandContext,
  work: (app: App, emit: Emit, signal: AbortSignal) => Promise<RunDocument>,
  before: (app: App) => Promise<void> = async () => {},
  keepsBytes = false,
): Promise<ExitCode> {
  let say: (text: string) => void = () => {} // before there are batches, ^C needs no explanation
  using stop = new StopSignals(
    context.io,
    (text) => say(text),
    'Stopping after the batches in flight (^C again to roll them back) …',
  )
  await using app = await context.openApp({ hardSignal: stop.hardSignal, keepsBytes })
  await before(app)
  stop.signal.throwIfAborted()

  const progress = openProgress(context)
  say = progress.say
  let document: RunDocument
  try {
    document = await work(app, progress.emit, stop.signal)
  } finally {
    progress[Symbol.dispose]()
    say = context.note
  }
  context.answer(document, () => runResultText(document, progress.tracker, context.screen))
  // in a structured log they are told by the runs' own ends
  if (context.jsonLog === null) context.note(runErrorsText(document, progress.tracker, { style: context.noteStyle }))
  return exitCodeOf(document)
}
