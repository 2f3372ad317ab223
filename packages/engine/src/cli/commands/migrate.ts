import type { MigrateDocument } from '@tidemark/contract/api'
import { AppError } from '../../runtime/app-error.ts'
import type { Command, CommandContext } from '../command.ts'
import type { OptionReader } from '../option-reader.ts'

export const migrate: Command = async (context, { options }) => {
  if (options.flag('--print-sql')) {
    const document = await pendingOf(context, options)
    context.answer(document, () => `${headOf(document)}${document.sql}`)
    return 0
  }
  await using app = await context.openApp()
  const { location } = await app.migrate()
  context.answer({ up_to_date: true, location }, () => `The control store ${location} is up to date.\n`)
  return 0
}

/** Of the project's store; outside of a project those that make a new one. */
async function pendingOf(context: CommandContext, options: OptionReader): Promise<MigrateSql> {
  try {
    await using app = await context.openApp({ keepsBytes: true })
    const { location, version, known, pending, damage, mending } = await app.pendingMigrations()
    return {
      location,
      version,
      known,
      pending: pending.map(({ name }) => name),
      sql: [...pending.map(({ sql }) => sql), mended(damage, mending)].filter((sql) => sql !== '').join('\n'),
    }
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'TM1001' || options.text('--project') !== null) throw error
    const sql = await context.backend.migrationSql()
    const pending = [...sql.matchAll(/^-- (\d{4}-\S+)$/gm)].map((m) => m[1] ?? '')
    return { location: null, version: 0, known: pending.length, pending, sql }
  }
}

const mended = (damage: readonly string[], mending: string): string =>
  mending === '' ? '' : `${damage.map((line) => `-- ${line}\n`).join('')}${mending}\n`

type MigrateSql = Extract<MigrateDocument, { readonly sql: string }>

function headOf({ location, version, known, pending }: MigrateSql): string {
  if (location === null) return `-- a new control store, schema ${known}\n`
  if (pending.length === 0) return `-- ${location} has schema ${version} and is up to date\n`
  return `-- ${location}: schema ${version} → ${known}\n`
}
