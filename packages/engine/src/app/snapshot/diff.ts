/** `tidemark snapshot diff`: two snapshots of a flow beside each other, down to the values. Writes nothing. */
import { existsSync } from 'node:fs'
import { type Scope, scopeText } from '@tidemark/contract/flow'
import type { SnapshotDiffDocument } from '@tidemark/contract/snapshot-documents'
import { AppError } from '../../runtime/app-error.ts'
import { type Compared, compare, counted } from '../../snapshot/compare.ts'
import type { HotSide } from '../../snapshot/hot-side.ts'
import { changedColumns, changedValues, keysOf, presentOf } from '../../snapshot/judge.sql.ts'
import type { AppContext } from '../app-context.ts'
import { countJson } from '../run-json.ts'
import { knownFlow } from '../select-flows.ts'
import { differenceJson, keyJson, type ListedSnapshot, openHot, schemaJson, snapshotsOf } from './snapshot-json.ts'

export interface DiffOptions {
  readonly flow: string
  /** null: that which the later one was compared with, or the one before it */
  readonly before: string | null
  /** null: the newest of the scope */
  readonly after: string | null
  readonly scope: Scope
  /** rows of each kind; null: all */
  readonly limit: number | null
}

export async function diffSnapshots(ctx: AppContext, options: DiffOptions): Promise<SnapshotDiffDocument> {
  const flow = knownFlow((await ctx.catalog('read')).flows, options.flow).id
  await using hot = await openHot(ctx, flow)
  const listed = hot === null ? [] : await snapshotsOf(await ctx.store('read'), flow, hot)
  const { before, after } = chosen(flow, listed, options)
  if (hot === null) throw new TypeError('snapshots without a hot side')
  const images = { before: hot.image(before.row.id), now: hot.image(after.row.id) }
  for (const [path, { row }] of [
    [images.before, before],
    [images.now, after],
  ] as const)
    if (!existsSync(path))
      throw new AppError('TM4041', `the image of ${row.id} of ${flow}, whose values are to be shown`)
  const found = await judged(hot, { before, after }, images)
  const { desk } = hot
  const limit = options.limit === null ? null : BigInt(options.limit)
  const keys = async (kind: string) => (await desk.query(keysOf(kind, limit))).map(([key]) => keyJson(key ?? '[]'))
  return {
    flow,
    before: before.json,
    after: after.json,
    difference: differenceJson(await counted(desk)),
    schema_change: schemaJson(found),
    columns:
      found.columns.length === 0
        ? []
        : (await desk.query(changedColumns(images, found.columns))).map(([column, rows]) => ({
            column: column ?? '',
            rows: countJson(BigInt(rows ?? '0')),
          })),
    new: await keys('new'),
    deleted: await keys('deleted'),
    changed: await changedRows(hot, images, found, limit),
    limit: options.limit,
  }
}

async function judged(
  { desk, catalog }: HotSide,
  { before, after }: { readonly before: ListedSnapshot; readonly after: ListedSnapshot },
  images: { readonly before: string; readonly now: string },
): Promise<Compared> {
  await desk.exec(presentOf(catalog, after.row.id))
  return await compare(desk, {
    catalog,
    before: { ...before.row, image: images.before },
    now: { ...after.row, image: images.now },
    exact: false,
  })
}

async function changedRows(
  { desk }: HotSide,
  images: { readonly before: string; readonly now: string },
  { columns }: Compared,
  limit: bigint | null,
): Promise<SnapshotDiffDocument['changed']> {
  if (columns.length === 0) return []
  using _room = await desk.room(2 * columns.length)
  const rows: SnapshotDiffDocument['changed'] = []
  let last: string | null = null
  for (const [key, column, old, now] of await desk.query(changedValues(images, columns, limit))) {
    if (key !== last) rows.push({ key: keyJson(key ?? '[]'), values: [] })
    last = key ?? null
    rows.at(-1)?.values.push({ column: column ?? '', old: old ?? null, new: now ?? null })
  }
  return rows
}

/** Throws TM1005 where one of the two is not kept. */
function chosen(
  flow: string,
  listed: readonly ListedSnapshot[],
  options: DiffOptions,
): { readonly before: ListedSnapshot; readonly after: ListedSnapshot } {
  const named = (id: string): ListedSnapshot => {
    const found = listed.find(({ row }) => row.id === id)
    if (found === undefined) throw new AppError('TM1005', `${id} of ${flow}`)
    return found
  }
  const settled = listed.filter(({ json, row }) => json.status !== 'building' && row.scope === scopeText(options.scope))
  // one that is named says which scope is meant
  const after = options.after === null ? settled.at(-1) : named(options.after)
  if (after === undefined) throw new AppError('TM1005', `${flow} has none${inScope(options.scope)}`)
  if (options.before !== null) return { before: named(options.before), after }
  const former = listed.filter(({ row, json }) => row.scope === after.row.scope && json.status !== 'building')
  const before =
    former.find(({ row }) => row.id === after.row.previous) ??
    former.findLast(({ row }) => row.number < after.row.number)
  if (before === undefined)
    throw new AppError(
      'TM1005',
      `${after.row.id} of ${flow} is the only one${inScope(options.scope)}: there is none to compare it with`,
    )
  return { before, after }
}

const inScope = (scope: Scope): string =>
  Object.keys(scope).length === 0
    ? ''
    : ` of ${Object.entries(scope)
        .map(([name, value]) => `${name}=${value}`)
        .join(', ')}`
