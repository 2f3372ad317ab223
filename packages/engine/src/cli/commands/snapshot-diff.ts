import { writeFileSync } from 'node:fs'
import path from 'node:path'
import {
  DIFFERENCE_FORMATS,
  type DifferenceFormat,
  type SnapshotDiffDocument,
} from '@tidemark/contract/snapshot-documents'
import type { Command } from '../command.ts'
import { argument, type OptionReader, usage } from '../option-reader.ts'
import { OutFile, writing } from '../out-file.ts'
import { snapshotDiffText } from '../print/snapshot-diff-text.ts'
import { StopSignals } from '../stop-signals.ts'

const DEFAULT_LIMIT = 20
/** A page that a browser opens at once. */
const LONGEST_REPORT = 500

export const snapshotDiff: Command = async (context, { args, options }) => {
  const limit = options.positive('--limit')
  if (limit !== null && options.flag('--all')) throw usage('--all is every row: leave out --limit')
  const to = outOf(options, context.io.cwd)
  if (to?.format === 'html' && (options.flag('--all') || (limit ?? 0) > LONGEST_REPORT))
    throw usage(
      `a report shows at most ${LONGEST_REPORT} rows of each kind: --limit N, or --out differences.csv for all`,
    )
  const columns = options.texts('--columns')
  if (columns.some((text) => text.trim() === '')) throw usage('--columns needs a name')
  const shown = options.flag('--all') ? null : (limit ?? DEFAULT_LIMIT)
  const wanted = {
    flow: argument(args, 0),
    before: args[1] ?? null,
    after: args[2] ?? null,
    scope: options.scope(),
    columns: columns.length === 0 ? null : columns,
    limit: shown,
  }
  using stop = new StopSignals(context.io, context.note, 'Stopping …')
  await using app = await context.openApp()
  if (to === null) {
    const { document } = await app.diffSnapshots({ ...wanted, write: null, samples: null }, stop.signal)
    context.answer(document, () => snapshotDiffText(document, context.screen))
    return 0
  }
  using file = await OutFile.begin(context, to.path, 'snapshot diff', options.flag('--yes'))
  const write = to.format === 'html' ? null : { path: file.part, format: to.format }
  const answer = await app.diffSnapshots({ ...wanted, write, samples: write === null ? shown : null }, stop.signal)
  if (answer.samples !== null) {
    const { snapshotReport } = await import('../report/snapshot-report.ts')
    const page = snapshotReport(answer.document, answer.samples, context.screen)
    writing(to.path, () => writeFileSync(file.part, page))
  }
  stop.signal.throwIfAborted()
  const bytes = file.finish()
  const out: SnapshotDiffDocument['out'] = {
    file: to.path,
    format: to.format,
    lines: answer.lines === null ? null : Number(answer.lines),
    bytes: Number(bytes),
  }
  const document = { ...answer.document, out }
  context.answer(document, () => snapshotDiffText(document, context.screen))
  return 0
}

/** The format is the file's ending. */
function outOf(
  options: OptionReader,
  cwd: string,
): { readonly path: string; readonly format: DifferenceFormat } | null {
  const file = options.text('--out')
  if (file === null) {
    if (options.flag('--yes')) throw usage('--yes writes over the file of --out FILE')
    return null
  }
  const ending = path.extname(file).slice(1).toLowerCase()
  const format = DIFFERENCE_FORMATS.find((f) => f === ending)
  if (format === undefined)
    throw usage(`--out must end with .${DIFFERENCE_FORMATS.join(', .').replace(/, ([^,]*)$/, ' or $1')}, not "${file}"`)
  return { path: path.resolve(cwd, file), format }
}
