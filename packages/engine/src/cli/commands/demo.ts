import path from 'node:path'
import type { Command } from '../command.ts'
import { demoText } from '../print/demo-text.ts'
import { StopSignals } from '../stop-signals.ts'

export const demo: Command = async (context, { args, options }) => {
  const { cwd } = context.io
  const files = options.text('--files')
  using stop = new StopSignals(context.io, context.note, 'Stopping the demo …')
  const document = await context.backend.runDemo({
    cwd,
    project: args[0] === undefined ? null : path.resolve(cwd, args[0]),
    files: files === null ? null : path.resolve(cwd, files),
    say: (text) => (context.json ? context.note(text) : void context.io.stdout.write(text)),
    style: context.json ? context.noteStyle : context.screen.style,
    signal: stop.signal,
  })
  context.answer(document, () => demoText(document, cwd, context.screen))
  return document.differences === 0n ? 0 : 1
}
