/** `tidemark snapshot show`: one snapshot, and some of the keys that it found. */
import { existsSync } from 'node:fs'
import type { SnapshotDocument } from '@tidemark/contract/snapshot-documents'
import { AppError } from '../../runtime/app-error.ts'
import { differenceKeys } from '../../snapshot/hot.sql.ts'
import { hotFlows } from '../../snapshot/hot-side.ts'
import type { AppContext } from '../app-context.ts'
import { hotPlace } from '../hot-place.ts'
import { keyJson, openHot, snapshotsOf } from './snapshot-json.ts'

const EXAMPLES = 5n

export async function showSnapshot(ctx: AppContext, id: string): Promise<SnapshotDocument> {
  const store = await ctx.store('read')
  for (const flow of hotFlows(hotPlace(ctx.project, ctx.config))) {
    await using hot = await openHot(ctx, flow)
    if (hot === null) continue
    const found = (await snapshotsOf(store, flow, hot)).find(({ row }) => row.id === id)
    if (found === undefined) continue
    const { row } = found
    const keys = async (kind: string) =>
      (await hot.desk.query(differenceKeys(hot.catalog, id, kind, EXAMPLES))).map(([key]) => keyJson(key ?? '[]'))
    return {
      snapshot: found.json,
      key: [...row.key],
      compared: row.compared.map(({ name, type, steps }) => ({
        column: name,
        type,
        normalised: steps.map((step) => (step.kind === 'round' ? `round(${step.digits})` : step.kind)),
      })),
      engine: row.engine,
      image: existsSync(hot.image(id)) ? hot.image(id) : null,
      keys: { new: await keys('new'), changed: await keys('changed'), deleted: await keys('deleted') },
    }
  }
  throw new AppError('TM1005', id)
}
