/** Rows that the source no longer has: found in the target, and held by the brake before anything is written. */
import { formatTableName } from '@tidemark/contract/table-name'
import { refuseVanished } from '../apply/delete-brake.ts'
import type { KeptPlan } from '../capture/capture-mode.ts'
import type { EmbeddedWork } from '../dialects/embedded-work.ts'
import type { Desk } from '../dialects/duckdb/desk.ts'
import type { ImageColumn } from '../dialects/duckdb/image.sql.ts'
import { countDeletable, countGone, takeGone } from './gone.sql.ts'

interface Wanted {
  readonly run: KeptPlan
  readonly embedded: EmbeddedWork
  readonly key: readonly ImageColumn[]
  /** there is no snapshot before */
  readonly first: boolean
  /** rows that the snapshot has */
  readonly left: bigint
}

/** Leaves GONE behind. Throws TM5007. */
export async function findGone(desk: Desk, { run, embedded, key, first, left }: Wanted): Promise<void> {
  const { brake, relation, scope } = run
  if (brake === null) return
  const target = await embedded.target(relation)
  const deletable = embedded.deletable(relation)
  await desk.exec(takeGone(target, key, deletable, first))
  const gone = await desk.count(countGone)
  if (target === null || gone === 0n || brake.lifted) return
  const table = formatTableName(relation.target.table)
  const of = await desk.count(countDeletable(target, deletable))
  refuseVanished(gone, { of, left }, brake.limit, scope === '{}' ? table : `${table}, of ${scope},`)
}
