import { FLOW } from '../demo-yaml.ts'
import { count } from '../narrator.ts'
import { did, found, playOneRun, positionOf, type Stage } from '../stage.ts'

const REASON = 'the archive was restored from Monday'

/** Moves the watermark back to where it was after the first load: previewed, with a reason, and harmless. */
export async function rewind(stage: Stage, to: string): Promise<void> {
  const { narrator, tidemark } = stage
  narrator.act('A rewind')
  const typed = `tidemark rewind ${FLOW} --to "${to}" --reason "${REASON}"`
  const args = ['rewind', FLOW, '--to', to, '--reason', REASON]
  narrator.command(typed)
  const preview = await tidemark.play(args)
  narrator.quote(previewIn(preview.stderr))
  narrator.check(
    preview.exit === 2,
    'previewed only: nothing is rewound before somebody says yes',
    `exit ${preview.exit}`,
  )

  narrator.command(`${typed} --yes`)
  const done = await tidemark.play([...args, '--yes', '--json'])
  const { redelivered } = (done.exit === 0 ? JSON.parse(done.stdout) : {}) as { readonly redelivered?: number }
  const mark = positionOf(await tidemark.watermarks())
  narrator.check(mark === to, `the watermark is ${to} again`, `${mark}\n${done.stdout}${done.stderr}`)

  const run = await playOneRun(stage)
  narrator.check(
    did(run, 0, 0) && run.rows.skipped_same === redelivered && redelivered > 0,
    `${count(redelivered ?? 0)} rows came again, as previewed; all are the same, nothing was written twice`,
    found(run),
  )
}

/** Without the error that follows it: there was nobody to ask. */
const previewIn = (stderr: string): string =>
  stderr
    .split('\n')
    .slice(
      0,
      stderr.split('\n').findIndex((line) => /^TM\d{4} /.test(line)),
    )
    .join('\n')
