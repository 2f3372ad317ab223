/** The places that archives go to, as the project's connections name them. */
import type { ArchiveStore } from '../dialects/archive/archive-store.ts'
import { openArchive } from '../dialects/archive/open-archive.ts'
import { AppError } from '../runtime/app-error.ts'
import { didYouMean } from '../runtime/did-you-mean.ts'
import { type AppContext, openedOptions } from './app-context.ts'
import { kestraDatabase } from './snapshot-defaults.ts'

/** `id` null: the database that the variables of an orchestrator name. */
export async function openArchiveOf(ctx: AppContext, id: string | null): Promise<ArchiveStore> {
  if (id === null) return await openArchive('postgres', kestraDatabase(ctx.config), ctx.project.dir)
  const { connections } = await ctx.catalog('read')
  const connection = connections.get(id)
  if (connection === undefined) {
    const near = didYouMean(id, [...connections.keys()])
    throw new AppError('TM1013', `connection ${id} is not defined${near === null ? '' : `   did you mean ${near}?`}`)
  }
  return await openArchive(connection.kind, openedOptions(ctx, connection.options), ctx.project.dir)
}

/** A connection that holds nothing but archives: where it leads. Throws TM6201 where it cannot be reached. */
export async function probeArchive(
  ctx: AppContext,
  id: string,
): Promise<{ readonly location: string; readonly detail: string }> {
  await using store = await openArchiveOf(ctx, id)
  await store.find({ flow: 'none', snapshot: 'none' })
  return { location: store.location, detail: 'a place for archives' }
}
