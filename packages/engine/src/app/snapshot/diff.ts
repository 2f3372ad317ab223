/** `tidemark snapshot diff`: two snapshots of a flow beside each other, down to the values. Writes nothing. */
import { existsSync } from 'node:fs'
import { type Scope, scopeText } from '@tidemark/contract/flow'
import type { SnapshotDiffDocument } from '@tidemark/contract/snapshot-documents'
import { AppError } from '../../runtime/app-error.ts'
import { type Compared, compare, counted } from '../../snapshot/compare.ts'
import type { HotSide } from '../../snapshot/hot-side.ts'
import { changedColumns, changedValues, type Images, keysOf, presentOf, takeChanged } from '../../snapshot/judge.sql.ts'
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
  const counts = await counted(desk)
  const limit = options.limit === null ? null : BigInt(options.limit)
  const keys = async (kind: string) => (await desk.query(keysOf(kind, limit))).map(([key]) => keyJson(key ?? '[]'))
  const changes = counts.changed === 0n ? NO_CHANGES : await changesOf(hot, images, found, limit)
  return {
    flow,
    before: before.json,
    after: after.json,
    difference: differenceJson(counts),
    schema_change: schemaJson(found),
    columns: changes.columns,
    new: await keys('new'),
    deleted: await keys('deleted'),
    changed: changes.rows,
    limit: options.limit,
  }
}

async function judged(
  { desk, catalog }: HotSide,
  { before, after }: { readonly before: ListedSnapshot; readonly after: ListedSnapshot },
  images: Images,
): Promise<Compared> {
  await desk.exec(presentOf(catalog, after.row.id))
  return await compare(desk, {
    catalog,
    before: { ...before.row, image: images.before },
    now: { ...after.row, image: images.now },
    exact: false,
  })
}

interface Changes {
  readonly columns: SnapshotDiffDocument['columns']
  readonly rows: SnapshotDiffDocument['changed']
}

const NO_CHANGES: Changes = { columns: [], rows: [] }

async function changesOf(
  { desk }: HotSide,
  images: Images,
  { columns }: Compared,
  limit: bigint | null,
): Promise<Changes> {
  using _room = await desk.room(2 * columns.length)
  for (const statement of takeChanged(images)) await desk.exec(statement)
  const rows: SnapshotDiffDocument['changed'] = []
  let last: string | null = null
  for (const [key, column, old, now] of await desk.query(changedValues(columns, limit))) {
    if (key !== last) rows.push({ key: keyJson(key ?? '[]'), values: [] })
    last = key ?? null
    rows.at(-1)?.values.push({ column: column ?? '', old: old ?? null, new: now ?? null })
  }
  return {
    columns: (await desk.query(changedColumns(columns))).map(([column, n]) => ({
      column: column ?? '',
      rows: countJson(BigInt(n ?? '0')),
    })),
    rows,
  }
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
