/** Which flows a command is about, in the order they run one after the other. */
import type { FlowSpec } from '@tidemark/contract/flow'
import type { ResolvedCatalog } from '../definition/resolve.ts'
import { AppError } from '../runtime/app-error.ts'
import { didYouMean } from '../runtime/did-you-mean.ts'
import type { FlowSelection } from './app.ts'
import { refuseCopiedPositions } from './copied-position.ts'

/** Throws TM1003 naming the flow that does not exist, or what there is when none was named. */
export function selectFlows(catalog: ResolvedCatalog, selection: FlowSelection): readonly FlowSpec[] {
  const chosen = chooseFlows(catalog, selection)
  refuseCopiedPositions(catalog.flows, chosen)
  return chosen
}

function chooseFlows(catalog: ResolvedCatalog, selection: FlowSelection): readonly FlowSpec[] {
  const flows = [...catalog.flows].sort((a, b) =>
    a.module === b.module ? a.order - b.order : a.module < b.module ? -1 : 1,
  )
  if (selection.flows.length > 0) return [...new Set(selection.flows)].map((name) => findFlow(flows, name))
  const active = flows.filter((f) => f.active)
  if (selection.module !== null) {
    const chosen = active.filter((f) => f.module === selection.module)
    if (chosen.length === 0) throw new AppError('TM1003', `module ${selection.module} has no active flow`)
    return chosen
  }
  if (selection.all) {
    if (active.length === 0) throw new AppError('TM1003', 'there is no active flow')
    return active
  }
  throw new AppError('TM1002', `which flow? ${active.map((f) => f.id).join(', ')}`, {
    remedy: ['name one or several of them, or --all, or --module M'],
  })
}

/** A flow that may run. */
export function findFlow(flows: readonly FlowSpec[], name: string): FlowSpec {
  const flow = knownFlow(flows, name)
  if (!flow.active)
    throw new AppError('TM1003', `${name} is switched off`, {
      remedy: ['switch it on: is_active = 1 in the table task'],
    })
  return flow
}

/** A flow to be looked at: one that is switched off has a history too. */
export function knownFlow(flows: readonly FlowSpec[], name: string): FlowSpec {
  const flow = flows.find((f) => f.id === name)
  if (flow) return flow
  const near = didYouMean(
    name,
    flows.map((f) => f.id),
  )
  throw new AppError('TM1003', `${name}${near === null ? '' : `   did you mean ${near}?`}`)
}
