import type { RunDocument } from '@tidemark/contract/api'
import type { Emit } from '@tidemark/contract/events'
import type { App } from '../../app/app.ts'
import type { Command, CommandContext } from '../command.ts'
import { ensureDeployed } from '../ensure-deployed.ts'
import { type ExitCode, exitCodeOf } from '../exit-code.ts'
import { type OptionReader, usage } from '../option-reader.ts'
import { runErrorsText, runResultText } from '../print/run-result.ts'
import { openProgress } from '../progress/open-progress.ts'
import { parseRunOptions } from '../run-options.ts'
import { StopSignals } from '../stop-signals.ts'

export const run: Command = async (context, { args, options }) => {
  const joins = options.text('--join')
  if (joins !== null) return joinRun(context, joins, args, options)
  const wanted = parseRunOptions(args, options)
  const wish = { take: options.flag('--deploy') || options.flag('--yes'), firstIsImplied: !wanted.dryRun }
  return moveRows(
    context,
    async (app, emit, signal) => app.run(wanted, emit, signal),
    (app) => ensureDeployed(context, app, wish),
    wanted.dryRun,
  )
}

/** Decided when the run was planned. */
const DECIDED = [
  '--all',
  '--module',
  '--scope',
  '--full',
  '--after',
  '--up-to',
  '--fresh',
  '--allow-deletes',
  '--buffer',
  '--batch-rows',
  '--lane',
  '--deploy',
  '--accept-change',
  '--reason',
  '--yes',
  '--dry-run',
]

/** A worker of another's run: what runs, and how, was said by its owner. */
async function joinRun(
  context: CommandContext,
  run: string,
  flows: readonly string[],
  options: OptionReader,
): Promise<ExitCode> {
  const others = options.given(DECIDED)
  if (flows.length > 0 || others.length > 0)
    throw usage(`--join works on a run as it was planned: leave out ${[...flows, ...others].join(' ')}`)
  const waitMs = options.durationMs('--wait') ?? 0
  const parallel = options.positive('--parallel')
  return moveRows(context, (app, emit, signal) => app.join({ run, waitMs, parallel }, emit, signal))
}

/** What `run` and `resume` share: open, show progress, stop in steps, print the runs. */
export async function moveRows<Document extends RunDocument>(
  context: CommandContext,
  work: (app: App, emit: Emit, signal: AbortSignal) => Promise<Document>,
  before: (app: App) => Promise<void> = async () => {},
  keepsBytes = false,
  besides: (document: Document) => string = () => '',
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
  let document: Document
  try {
    document = await work(app, progress.emit, stop.signal)
  } finally {
    progress[Symbol.dispose]()
    say = context.note
  }
  context.answer(document, () => runResultText(document, progress.tracker, context.screen) + besides(document))
  // in a structured log they are told by the runs' own ends
  if (context.jsonLog === null) context.note(runErrorsText(document, progress.tracker, { style: context.noteStyle }))
  return exitCodeOf(document)
}
