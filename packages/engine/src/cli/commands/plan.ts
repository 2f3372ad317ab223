import type { Command } from '../command.ts'
import { ensureDeployed } from '../ensure-deployed.ts'
import { planText } from '../print/plan-text.ts'
import { parseRunOptions } from '../run-options.ts'
import { StopSignals } from '../stop-signals.ts'

export const plan: Command = async (context, { args, options }) => {
  const wanted = parseRunOptions(args, options)
  using stop = new StopSignals(context.io, context.note, 'Stopping …')
  await using app = await context.openApp({ hardSignal: stop.hardSignal, keepsBytes: true })
  await ensureDeployed(context, app, { take: options.flag('--deploy') || options.flag('--yes'), firstIsImplied: false })
  const document = await app.plan(wanted, stop.signal)
  context.answer(document, () => planText(document, options.flag('--sql'), context.screen))
  return document.plans.some((one) => one.stops !== null) ? 2 : 0
}
