import type { Command } from '../command.ts'
import { argument } from '../option-reader.ts'
import { statusWords } from '../print/status-words.ts'

export const cancel: Command = async (context, { args }) => {
  await using app = await context.openApp()
  const answer = await app.cancel(argument(args, 0))
  context.answer(answer, () =>
    answer.now === answer.was
      ? `${answer.run} was asked to stop; its worker finishes the batches in flight first. tidemark show ${answer.run}   shows when it has\n`
      : `${answer.run} was ${statusWords(answer.was)}, now ${statusWords(answer.now)}\n`,
  )
  return 0
}
