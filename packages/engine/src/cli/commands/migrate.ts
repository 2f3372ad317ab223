import type { Command } from '../command.ts'

export const migrate: Command = async (context, { options }) => {
  if (options.flag('--print-sql')) {
    const sql = await context.backend.migrationSql()
    context.answer({ sql }, () => `${sql.trimEnd()}\n`)
    return 0
  }
  await using _app = await context.openApp() // opening a store brings it up to date
  context.answer({ up_to_date: true }, () => 'The control store is up to date.\n')
  return 0
}
