import { didYouMean } from '../../runtime/did-you-mean.ts'
import type { Command } from '../command.ts'
import { argument, usage } from '../option-reader.ts'
import { COMPLETION_SCRIPTS, SHELLS } from '../shells.ts'

export const completion: Command = async (context, { args }) => {
  const asked = argument(args, 0)
  const shell = SHELLS.find((s) => s === asked)
  if (shell === undefined) {
    const near = didYouMean(asked, SHELLS)
    throw usage(
      `completion is for ${SHELLS.join(', ')}, not "${asked}"${near === null ? '' : `   did you mean ${near}?`}`,
    )
  }
  const script = COMPLETION_SCRIPTS[shell]
  context.answer({ shell, script }, () => script)
  return 0
}
