/** `tidemark import blobdelta`: an installation of BlobDeltaJobs as modules and watermarks; written only where asked. */
import path from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import type { ImportDocument } from '@tidemark/contract/operate-documents'
import type { CatalogChange, CatalogRows } from '../../control/control-store.ts'
import { deployChange, rowsAfter } from '../../definition/difference.ts'
import { MODULES_DIR, PROJECT_FILE } from '../../definition/load-project.ts'
import { parseDefinitions } from '../../definition/parse-definitions.ts'
import { throwIfAny } from '../../definition/problem.ts'
import { readYaml } from '../../definition/read-yaml.ts'
import { type ResolvedCatalog, resolveCatalog } from '../../definition/resolve.ts'
import { readYamlFile } from '../../definition/yaml-files.ts'
import { AppError } from '../../runtime/app-error.ts'
import { didYouMean } from '../../runtime/did-you-mean.ts'
import type { ImportOptions } from '../app.ts'
import { type AppContext, openedOptions } from '../app-context.ts'
import { refuseCopiedPositions } from '../copied-position.ts'
import { definedWith } from '../defined-with.ts'
import type { OpenBlobDelta } from './blob-delta-reader.ts'
import { type KeptWatermark, prepareWatermarks, writeWatermarks } from './keep-watermarks.ts'
import { openReader } from './open-reader.ts'
import { readInstallation } from './read-installation.ts'
import { type Imported, translateInstallation } from './translate-installation.ts'

export async function importBlobDelta(
  ctx: AppContext,
  options: ImportOptions,
  open: OpenBlobDelta = openReader,
): Promise<ImportDocument> {
  const tables = await (await ctx.store('read')).catalog.read()
  const connection = findConnection(ctx, tables, options.connection)
  const imported = await read(ctx, open, connection, options)
  const { change, catalog } = defined(ctx, tables, imported, options)
  if (!options.deploy) return documentOf(options, imported, [])

  if (imported.busy.length > 0) throw new AppError('TM1043', imported.busy.join(', '))
  const kept = await prepareWatermarks(ctx, catalog, imported.watermarks)
  // the watermarks first: a flow without its own would begin anew, one without a flow does nothing
  await writeWatermarks(ctx, kept, `imported from ${options.database} of connection ${options.connection}`)
  if (change.connections.length + change.modules.length + change.tasks.length > 0)
    await (await ctx.store('write')).catalog.deploy(change, ctx.by)
  return documentOf(options, imported, kept)
}

type Connection = Parameters<OpenBlobDelta>[0]

function findConnection(ctx: AppContext, tables: CatalogRows, id: string): Connection {
  const { catalog, problems } = definedWith(ctx, tables, null)
  throwIfAny(problems)
  const found = catalog.connections.get(id)
  if (found !== undefined) return { id, kind: found.kind, options: openedOptions(ctx, found.options) }
  const near = didYouMean(id, [...catalog.connections.keys()])
  throw new AppError('TM1013', `connection ${id} is not defined${near === null ? '' : `   did you mean ${near}?`}`)
}

async function read(
  ctx: AppContext,
  open: OpenBlobDelta,
  connection: Connection,
  options: ImportOptions,
): Promise<Imported> {
  await using reader = await open(connection, options.database, ctx.project.dir)
  return translateInstallation(await readInstallation(reader), options)
}

/** What a deploy of the imported modules would write; throws what is wrong with them beside those that are there. */
function defined(
  ctx: AppContext,
  tables: CatalogRows,
  { modules }: Imported,
  { dir }: ImportOptions,
): { readonly change: CatalogChange; readonly catalog: ResolvedCatalog } {
  const yaml = parseDefinitions(
    {
      project: readYamlFile(ctx.project.dir, PROJECT_FILE),
      modules: modules.map((module) => readYaml(fileOf(module.id), module.yaml)),
    },
    ctx.captureSchemas,
    tables,
  )
  throwIfAny(yaml.problems)
  const { change } = deployChange(yaml.rows, tables, { overwrite: false, complete: false })
  const catalog = resolveCatalog(rowsAfter(tables, change), ctx.captureSchemas)
  throwIfAny(catalog.problems)
  refuseCopiedPositions(catalog.flows)
  const isInProject = dir !== null && path.resolve(dir) === path.join(ctx.project.dir, MODULES_DIR)
  return { change: isInProject ? change : madeByHand(change, tables), catalog }
}

/** Of YAML that the project does not have no deploy is recorded: it would be missed there ever after. */
const madeByHand = (change: CatalogChange, tables: CatalogRows): CatalogChange => ({
  connections: change.connections,
  modules: change.modules.map((row) => ({ ...row, deployed: row.was?.deployed ?? null })),
  tasks: change.tasks.flatMap((row) => {
    const was = tables.tasks.find(({ module, id }) => module === row.module && id === row.id)
    const written = { ...row, deployed: was?.deployed ?? null }
    return was !== undefined && isDeepStrictEqual({ ...was, ...written }, was) ? [] : [written]
  }),
})

export const fileOf = (module: string): string => `${module}.yaml`

function documentOf(
  { connection, database, dir, deploy }: ImportOptions,
  { modules, watermarks, differences }: Imported,
  kept: readonly KeptWatermark[],
): ImportDocument {
  const state = (i: number): ImportDocument['watermarks'][number]['state'] =>
    kept[i] === undefined ? 'found' : kept[i].there ? 'there' : 'written'
  return {
    connection,
    database,
    deployed: deploy,
    modules: modules.map(({ id, yaml, tasks }) => ({
      module: id,
      file: dir === null ? null : path.join(dir, fileOf(id)),
      yaml,
      tasks: tasks.map((task) => ({ task: task.name, table: task.table, active: task.active })),
    })),
    watermarks: watermarks.map(({ flow, scope, position }, i) => ({
      flow,
      scope: { ...scope },
      position,
      state: state(i),
    })),
    differences: [...differences],
  }
}
