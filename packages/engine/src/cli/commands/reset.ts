import type { Command } from '../command.ts'
import { argument } from '../option-reader.ts'

export const reset: Command = async (context, { args }) => {
  await using app = await context.openApp()
  const answer = await app.reset(argument(args, 0))
  context.answer(
    answer,
    () =>
      `${answer.run} is cleared; the rows it delivered stay in the target. Start anew: tidemark run ${answer.flow}\n`,
  )
  return 0
}
