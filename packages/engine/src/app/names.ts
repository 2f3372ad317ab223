/** Names for shell completion: nothing is validated, so that a definition with a fault can be named too. */
import { loadDefinitions } from '../definition/load-definitions.ts'
import { FLOW_TYPE } from '../definition/rows.ts'
import type { Names } from './app.ts'
import type { AppContext } from './app-context.ts'

const RUNS = 30

export async function names(ctx: AppContext): Promise<Names> {
  const store = await ctx.store('read')
  const tables = await store.catalog.read()
  const { connections, modules, tasks } =
    tables.tasks.length > 0
      ? tables
      : loadDefinitions(ctx.project, { captures: ctx.captureSchemas, path: null, tables }).rows
  return {
    flows: tasks.filter(({ type }) => type === FLOW_TYPE).map(({ module, id }) => `${module}.${id}`),
    modules: modules.map(({ id }) => id),
    connections: connections.map(({ id }) => id),
    runs: (await store.ledger.listRuns({ limit: RUNS })).map(({ id, flow, state }) => ({
      id,
      about: `${flow}, ${state}`,
    })),
  }
}
