import type { Command } from '../command.ts'
import { counted } from '../print/numbers.ts'

export const check: Command = async (context) => {
  await using app = await context.openApp({ keepsBytes: true })
  const found = await app.check()
  context.answer(found, () =>
    [
      ...found.warnings.map((warning) => `${context.screen.style.warn('warning')} ${warning}\n`),
      `valid: ${counted(found.connections, 'connection')}, ${counted(found.modules, 'module')}, ${counted(found.flows, 'flow')}\n`,
    ].join(''),
  )
  return 0
}
