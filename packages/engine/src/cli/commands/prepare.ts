import type { PrepareDocument } from '@tidemark/contract/api'
import type { Command } from '../command.ts'
import { confirm } from '../confirm.ts'
import { argument } from '../option-reader.ts'

export const prepare: Command = async (context, { args, options }) => {
  const connection = argument(args, 0)
  const answer = (document: PrepareDocument, text: string): 0 => {
    context.answer(document, () => text)
    return 0
  }
  if (options.flag('--print-sql')) {
    await using app = await context.openApp({ keepsBytes: true })
    const { location, sql } = await app.prepareSql(connection)
    return answer({ connection, location, made: [], sql: [...sql] }, sql.map((statement) => `${statement}\n`).join(''))
  }
  await using app = await context.openApp()
  const { location, missing, makesDatabase } = await app.previewPrepare(connection)
  if (missing.length === 0)
    return answer(
      { connection, location, made: [], sql: [] },
      `${connection} is prepared: nothing is missing in ${location}\n`,
    )
  const what = `${makesDatabase ? `the database ${location}, with ` : ''}${missing.join(', ')}`
  await confirm(context, options.flag('--yes'), `Create ${what}?`, `prepare ${connection} would create ${what}`)
  const { made } = await app.prepare(connection)
  return answer(
    { connection, location, made: [...made], sql: [] },
    `created ${made.join(', ')} in ${location}: runs into ${connection} need no right to create them\n`,
  )
}
