/** `tidemark check | deploy | export`, and the comparison that `plan` and `run` begin with. */
import type { CatalogRows } from '../control/control-store.ts'
import { compareDefinitions, deployChange, rowsAfter } from '../definition/difference.ts'
import { exportYaml as yamlOf } from '../definition/export.ts'
import { loadDefinitions } from '../definition/load-definitions.ts'
import type { LoadedDefinitions } from '../definition/parse-definitions.ts'
import { throwIfAny } from '../definition/problem.ts'
import { resolveCatalog } from '../definition/resolve.ts'
import type { Definitions, DefinitionDifference } from './app.ts'
import type { AppContext } from './app-context.ts'
import { refuseCopiedPositions } from './copied-position.ts'

/** The YAML and the tables it is compared with; throws every problem of the YAML. */
async function load(
  ctx: AppContext,
  path: string | null,
  mode: 'read' | 'write',
): Promise<{ readonly yaml: LoadedDefinitions; readonly tables: CatalogRows }> {
  const tables = await (await ctx.store(mode)).catalog.read()
  const yaml = loadDefinitions(ctx.project, { captures: ctx.captureSchemas, path, tables })
  throwIfAny(yaml.problems)
  return { yaml, tables }
}

export async function check(ctx: AppContext): Promise<{
  readonly connections: number
  readonly modules: number
  readonly flows: number
  readonly warnings: readonly string[]
}> {
  const { yaml, tables } = await load(ctx, null, 'read')
  const { change } = deployChange(yaml.rows, tables, { overwrite: false, complete: ctx.project.hasModules })
  const resolved = resolveCatalog(rowsAfter(tables, change), ctx.captureSchemas)
  throwIfAny(resolved.problems)
  refuseCopiedPositions(resolved.flows)
  return {
    connections: resolved.connections.size,
    modules: resolved.modules.length,
    flows: resolved.flows.length,
    warnings: resolved.inactiveProblems.map(
      (p) => `${p.code} ${p.message} (its ${p.task === null ? 'module' : 'task'} is switched off)`,
    ),
  }
}

export async function compare(ctx: AppContext, path: string | null): Promise<Definitions> {
  if (!ctx.project.hasModules && path === null) return { undeployed: [], editedByHand: [] }
  const { yaml, tables } = await load(ctx, path, 'read')
  return compareDefinitions(yaml.rows, tables, path === null)
}

export async function deploy(
  ctx: AppContext,
  options: { readonly path: string | null; readonly dryRun: boolean; readonly overwrite: boolean },
): Promise<{ readonly written: readonly DefinitionDifference[]; readonly kept: readonly DefinitionDifference[] }> {
  const mode = options.dryRun ? 'read' : 'write'
  const { yaml, tables } = await load(ctx, options.path, mode)
  const { change, written, kept } = deployChange(yaml.rows, tables, {
    overwrite: options.overwrite,
    complete: options.path === null,
  })
  const resolved = resolveCatalog(rowsAfter(tables, change), ctx.captureSchemas)
  throwIfAny(resolved.problems)
  refuseCopiedPositions(resolved.flows)
  const anything = change.connections.length + change.modules.length + change.tasks.length > 0
  if (!options.dryRun && anything) await (await ctx.store('write')).catalog.deploy(change, ctx.by)
  return { written, kept }
}

export async function exportYaml(ctx: AppContext): Promise<ReadonlyMap<string, string>> {
  const tables = await (await ctx.store('read')).catalog.read()
  const { files } = loadDefinitions(ctx.project, { captures: ctx.captureSchemas, path: null, tables })
  return yamlOf(tables, files)
}
