import path from 'node:path'
import type { Command } from '../command.ts'
import { type OptionReader, usage } from '../option-reader.ts'
import { demoText } from '../print/demo-text.ts'
import { StopSignals } from '../stop-signals.ts'

export const demo: Command = async (context, { args, options }) => {
  const { cwd } = context.io
  const files = options.text('--files')
  using stop = new StopSignals(context.io, context.note, 'Stopping the demo …')
  const document = await context.backend.runDemo({
    cwd,
    project: args[0] === undefined ? null : path.resolve(cwd, args[0]),
    postgres: postgresOf(options),
    files: files === null ? null : path.resolve(cwd, files),
    say: (text) => (context.json ? context.note(text) : void context.io.stdout.write(text)),
    style: context.json ? context.noteStyle : context.screen.style,
    signal: stop.signal,
  })
  context.answer(document, () => demoText(document, cwd, context.screen))
  return document.differences === 0n ? 0 : 1
}

/** `--postgres` alone, or with a URL. A folder in its place is a mistake that commander cannot see. */
function postgresOf(options: OptionReader): { readonly url: string | null } | null {
  const url = options.text('--postgres')
  if (url === null) return options.flag('--postgres') ? { url: null } : null
  if (!/^postgres(ql)?:/.test(url))
    // what was typed is not repeated: it may be a URL with a password and a slip
    throw usage('--postgres takes postgres://USER@HOST:PORT/DATABASE or nothing; a folder is given before it')
  return { url }
}
