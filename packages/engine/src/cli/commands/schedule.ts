import type { Command } from '../command.ts'
import { usage } from '../option-reader.ts'

export const schedule: Command = async (context, { options }) => {
  if (!options.flag('--sql-agent')) throw usage('for which scheduler? --sql-agent')
  const module = options.text('--module')
  await using app = await context.openApp({ keepsBytes: true })
  const document = await app.schedule({ module })
  context.answer(document, () => document.sql)
  return 0
}
