import type { Scope } from '@tidemark/contract/flow'
import { parseScopeText } from '@tidemark/contract/flow'

/** `orders.orders`, with its scope behind it where it has one: `orders.orders business_unit=N`. */
export function flowName(flow: string, scope: Scope): string {
  const pairs = Object.entries(scope).map(
    ([name, value]) => `${name}=${/[\s"]/.test(value) || value === '' ? JSON.stringify(value) : value}`,
  )
  return [flow, ...pairs].join(' ')
}

/** The same for a scope as the ledger and the events hold it. */
export const flowNameOfText = (flow: string, scope: string): string => flowName(flow, parseScopeText(scope))
