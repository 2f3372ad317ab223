/** A worker in another process needs what it works on to be open to both. */
import { formatTableName } from '@tidemark/contract/table-name'
import type { BatchRow } from '../control/control-store.ts'
import type { DialectModule } from '../dialects/contract.ts'
import type { FlowPlan } from '../plan/flow-plan.ts'
import { AppError } from '../runtime/app-error.ts'
import { parseSplit } from './captured.ts'

/** Throws TM3014, before anything is opened. */
export function refuseOneProcess({ abilities }: DialectModule, { definition, lane, flow }: FlowPlan): void {
  const { source, target } = definition
  if (!abilities.sharedByProcesses)
    throw unshared(
      flow,
      `${source.connection}:${formatTableName(source.table)} → ${target.connection}:${formatTableName(target.table)}, which one process at a time can open`,
    )
  if (lane === 'spool') throw unshared(flow, 'the rows were taken out into a file of the worker that owns the run')
}

/** Throws TM3014 where the open batches are numbers into a list that only its writer can read. */
export function refuseOwnKeys({ abilities }: DialectModule, { flow }: FlowPlan, batches: readonly BatchRow[]): void {
  if (abilities.sharesKeys) return
  const open = batches.filter((b) => b.state !== 'done' && b.state !== 'superseded')
  if (open.some((b) => parseSplit(b.split).read_at === null))
    throw unshared(flow, 'the captured keys are in a file of the worker that owns the run')
}

const unshared = (flow: string, why: string): AppError =>
  new AppError('TM3014', `${flow}: ${why}`, {
    remedy: [`tidemark run ${flow} --parallel N   works with more workers in one process`],
  })
