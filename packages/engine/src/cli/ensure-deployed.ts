import type { App, DefinitionDifference } from '../app/app.ts'
import { AppError } from '../runtime/app-error.ts'
import type { CommandContext } from './command.ts'
import { ask, canAsk } from './confirm.ts'
import { differencesInline, differencesText, keptText, writtenText } from './print/difference-text.ts'
import { counted } from './print/numbers.ts'

export interface DeployWish {
  /** `--deploy` or `--yes`: take the YAML without a question */
  readonly take: boolean
  /** The first deploy into an empty store needs no question: there is nothing it could overrule. Not for a command that promised to write nothing. */
  readonly firstIsImplied: boolean
}

/** Before `plan` and `run`: YAML that nobody deployed yet is taken, asked about, or refused; never silently ignored. */
export async function ensureDeployed(context: CommandContext, app: App, wish: DeployWish): Promise<void> {
  const { undeployed, editedByHand } = await app.compare(null)
  context.note(keptText(editedByHand))
  if (undeployed.length === 0) return
  if (!wish.take && !(wish.firstIsImplied && (await isFirst(app, undeployed)))) await askOrRefuse(context, undeployed)
  const { written } = await app.deploy({ path: null, dryRun: false, overwrite: false })
  context.note(`deployed ${writtenText(written)}`)
}

async function isFirst(app: App, open: readonly DefinitionDifference[]): Promise<boolean> {
  return open.every(({ kind }) => kind === 'added') && (await app.status()).flows.length === 0
}

async function askOrRefuse(context: CommandContext, open: readonly DefinitionDifference[]): Promise<void> {
  const detail = `${counted(open.length, 'difference')}: ${differencesInline(open)}`
  if (!canAsk(context)) throw new AppError('TM1018', detail)
  context.note(`The YAML is not deployed yet:\n${differencesText(open, context.noteStyle).trimEnd()}`)
  if (!(await ask(context, 'Deploy this and go on?'))) throw new AppError('TM1018', detail)
}
