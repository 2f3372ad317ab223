import { AppError } from '../../runtime/app-error.ts'
import type { OpenAppOptions } from '../backend.ts'
import type { Command, CommandContext } from '../command.ts'
import { doctorText } from '../print/doctor-text.ts'

export const doctor: Command = async (context) => {
  const document = await context.backend.diagnose(projectOf(context))
  context.answer(document, () => doctorText(document, context.screen))
  return document.ok ? 0 : 1
}

/** Why there is none is a finding like any other. */
function projectOf(context: CommandContext): OpenAppOptions | AppError {
  try {
    return context.findProject({ keepsBytes: true })
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
}
