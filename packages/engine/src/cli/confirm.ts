import { createInterface } from 'node:readline/promises'
import { AppError, Cancelled } from '../runtime/app-error.ts'
import type { CommandContext } from './command.ts'

/** Is somebody there who can be asked? With `--json` a program is. */
export const canAsk = ({ io, json, jsonLog }: CommandContext): boolean =>
  io.isTty.stdin && io.isTty.stderr && !json && jsonLog === null

/** Asks on the terminal; anything but yes is no. ^C is `Cancelled`. */
export async function ask({ io }: CommandContext, question: string): Promise<boolean> {
  const lines = createInterface({ input: io.stdin, terminal: false })
  try {
    io.stderr.write(`${question} [y/N] `)
    const stopped = Promise.withResolvers<never>()
    const off = io.onStop(() => stopped.reject(new Cancelled('stopped at the question')))
    const line = await Promise.race([
      new Promise<string>((resolve) => {
        lines.once('line', resolve)
        lines.once('close', () => resolve(''))
      }),
      stopped.promise,
    ]).finally(off)
    return /^y(?:es)?$/i.test(line.trim())
  } finally {
    lines.close()
  }
}

/** Goes on with `--yes` or a yes; TM1020 otherwise. */
export async function confirm(context: CommandContext, yes: boolean, question: string, subject: string): Promise<void> {
  if (yes) return
  if (!canAsk(context)) throw new AppError('TM1020', subject)
  if (!(await ask(context, question))) throw new AppError('TM1020', `${subject}: nothing was changed`)
}
