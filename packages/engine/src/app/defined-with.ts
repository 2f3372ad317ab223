/** What the project would define, with one file of it as it would be: nothing is deployed. */
import type { CatalogRows } from '../control/control-store.ts'
import { deployChange, rowsAfter } from '../definition/difference.ts'
import { loadDefinitions } from '../definition/load-definitions.ts'
import type { DefinitionProblem } from '../definition/problem.ts'
import { type ResolvedCatalog, resolveCatalog } from '../definition/resolve.ts'
import type { AppContext } from './app-context.ts'
import { copiedPositions, type CopiedPosition } from './copied-position.ts'

export interface Defined {
  readonly catalog: ResolvedCatalog
  readonly problems: readonly DefinitionProblem[]
  readonly copied: readonly CopiedPosition[]
}

export function definedWith(
  ctx: AppContext,
  tables: CatalogRows,
  file: { readonly path: string; readonly text: string | null } | null,
): Defined {
  const yaml = loadDefinitions(ctx.project, {
    captures: ctx.captureSchemas,
    path: null,
    tables,
    ...(file === null ? {} : { instead: file }),
  })
  const { change } = deployChange(yaml.rows, tables, { overwrite: false, complete: ctx.project.hasModules })
  const catalog = resolveCatalog(rowsAfter(tables, change), ctx.captureSchemas)
  return { catalog, problems: [...yaml.problems, ...catalog.problems], copied: copiedPositions(catalog.flows) }
}
