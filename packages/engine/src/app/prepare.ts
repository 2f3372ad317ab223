/** `tidemark prepare`: fence and markers in a target, made ahead of time, or as SQL for a DBA. */
import type { PreparePreview } from './app.ts'
import { type AppContext, connectionOf, limitsOf } from './app-context.ts'

export async function prepareSql(
  ctx: AppContext,
  id: string,
): Promise<{ readonly location: string; readonly sql: readonly string[] }> {
  const { kind, location } = await connectionOf(ctx, await ctx.catalog('read'), id)
  return { location, sql: (await ctx.loadDialect(kind)).prepareSql() }
}

export async function previewPrepare(ctx: AppContext, id: string): Promise<PreparePreview> {
  const { kind, location, target } = await connectionOf(ctx, await ctx.catalog('read'), id)
  const dialect = await ctx.loadDialect(kind)
  const memory = await dialect.recall(target, [], limitsOf(ctx))
  return {
    connection: id,
    location,
    missing: memory?.unprepared ?? dialect.ownTables,
    makesDatabase: memory === null,
  }
}

export async function prepare(
  ctx: AppContext,
  id: string,
): Promise<{ readonly location: string; readonly made: readonly string[] }> {
  const store = await ctx.store('write')
  const { kind, location, target } = await connectionOf(ctx, await ctx.catalog('write'), id)
  const made = await (await ctx.loadDialect(kind)).prepareTarget(target, limitsOf(ctx))
  if (made.length > 0) await store.ledger.audit('prepare', `connection ${id}`, ctx.by, null, JSON.stringify(made))
  return { location, made }
}
