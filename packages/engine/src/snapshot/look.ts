/** What a run's extraction would find: an image that is thrown away, compared with the hot side as it is. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { SnapshotOptions } from '@tidemark/contract/capture'
import type { Extracted, KeptPlan } from '../capture/capture-mode.ts'
import type { Bench } from '../dialects/contract.ts'
import { imageColumns } from '../dialects/duckdb/image.sql.ts'
import { newShortId } from '../runtime/new-id.ts'
import { comparedColumns } from './compared.ts'
import { deliver } from './deliver.ts'
import { formerOf, found, judgeImage, nextNumber } from './extract.ts'
import { takeUndone } from './gone.sql.ts'
import { HotSide, type HotPlace } from './hot-side.ts'

const NAME_LENGTH = 12

/** Leaves the spool in the bench's memory. */
export async function look(place: HotPlace, plan: KeptPlan, bench: Bench, engine: string): Promise<Extracted> {
  const { embedded } = bench
  if (embedded === undefined) throw new TypeError('no embedded engine')
  const imaged = embedded.inOwnTypes(plan.relation)
  const about = {
    columns: imageColumns(imaged),
    compared: comparedColumns(imaged, plan.options as SnapshotOptions),
    engine,
    archives: null,
  }
  {
    // before the source is read: while it is, a run finds the hot side free
    await using hot = await HotSide.look(place, plan.flow)
    await formerOf(hot, plan, embedded, null, engine)
  }
  const image = join(place.limits.tempDir, `look-${newShortId(NAME_LENGTH)}.parquet`)
  try {
    await embedded.takeOut(plan.relation, plan.selection, plan.estimatedRows, image)
    await using hot = await HotSide.look(place, plan.flow)
    const former = await formerOf(hot, plan, embedded, null, engine)
    await hot.desk.exec(takeUndone(hot.catalog, null))
    const { counts, schema, delivery } = await judgeImage(hot, plan, embedded, { ...about, former, image })
    await deliver(hot.desk, delivery)
    const number = await nextNumber(hot, plan, embedded)
    const previous = former?.row.id ?? null
    return await found(hot.desk, { id: null, counts, schema, previous, number }, plan, embedded)
  } finally {
    rmSync(image, { force: true })
  }
}
