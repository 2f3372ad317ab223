import type { FlowSelection, RunOptions } from '../app/app.ts'
import { AppError } from '../runtime/app-error.ts'
import { type OptionReader, usage } from './option-reader.ts'

/** The options that `plan` and `run` share, as one value. */
export function parseRunOptions(flows: readonly string[], options: OptionReader): RunOptions {
  const after = options.text('--after')
  const upTo = options.text('--up-to')
  const full = options.flag('--full')
  const acceptChange = options.flag('--accept-change')
  const reason = options.text('--reason')
  if ((after === null) !== (upTo === null)) throw usage('--after and --up-to belong together: they re-deliver a period')
  if (full && after !== null)
    throw new AppError('TM1019', '--full reads everything, --after and --up-to a period', {
      remedy: ['leave one of them out'],
    })
  if (acceptChange && (reason ?? '').trim() === '') throw usage('--accept-change needs --reason TEXT: it is recorded')
  return {
    ...parseSelection(flows, options),
    scope: options.scope(),
    full,
    after,
    upTo,
    fresh: options.flag('--fresh'),
    buffer: options.durationOrCount('--buffer'),
    batchRows: options.positive('--batch-rows'),
    parallel: options.positive('--parallel'),
    lane: options.choice('--lane', ['pushdown', 'relay', 'spool']),
    dryRun: options.flag('--dry-run'),
    waitMs: options.durationMs('--wait') ?? 0,
    acceptChange,
    allowsDeletes: options.flag('--allow-deletes'),
    reason,
  }
}

function parseSelection(flows: readonly string[], options: OptionReader): FlowSelection {
  const all = options.flag('--all')
  const module = options.text('--module')
  if (all && (flows.length > 0 || module !== null))
    throw usage('--all is every flow: leave out the names, or leave out --all')
  if (module !== null && flows.length > 0) throw usage('name flows or a --module, not both')
  return { flows, all, module }
}
