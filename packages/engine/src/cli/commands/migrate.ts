import type { Command } from '../command.ts'

export const migrate: Command = async (context, { options }) => {
  if (options.flag('--print-sql')) {
    const sql = await context.backend.migrationSql()
    context.answer({ sql }, () => `${sql.trimEnd()}\n`)
    return 0
  }
  await using app = await context.openApp()
  const { location } = await app.migrate()
  context.answer({ up_to_date: true, location }, () => `The control store ${location} is up to date.\n`)
  return 0
}
