/**
 * The statements that a run would send before its batches, for `plan --sql`. Images are called by their names in the hot
 * side's folder, and the hot side is attached as `hot`.
 */
import type { SnapshotOptions } from '@tidemark/contract/capture'
import type { ExplainedExtraction, KeptPlan } from '../capture/capture-mode.ts'
import type { Bench } from '../dialects/contract.ts'
import { imageColumns, readImage } from '../dialects/duckdb/image.sql.ts'
import { printable, type Sql } from '../dialects/sql-text.ts'
import { type Comparable, comparison, wayOf } from './compare.ts'
import { comparedColumns } from './compared.ts'
import { deliveryStatements, lacking } from './deliver.ts'
import { type Extraction, keyOf, nextNumber } from './extract.ts'
import { unpacked } from './packed.sql.ts'
import { takeGone, takeUndone } from './gone.sql.ts'
import { type HotPlace, HotSide } from './hot-side.ts'
import { explainInTarget, hotTablesOf } from './hot-target.ts'
import {
  hashRows,
  keepDifferences,
  keepRows,
  keptRows,
  movedIn,
  movedRows,
  nullKeys,
  presentBeside,
  presentFrom,
  repeatedKeys,
  takeMoved,
} from './judge.sql.ts'

const HOT = 'hot'
const FIRST_BATCH = {
  step: 1,
  wave: 1,
  readAt: null,
  range: null,
  first: 1n,
  last: 1000n,
  rows: 1000n,
  bytes: 0n,
} as const

const imageName = (id: string): string => `${id}.parquet`

export async function explain(
  place: HotPlace,
  plan: KeptPlan,
  { embedded, target: port }: Bench,
  engine: string,
): Promise<ExplainedExtraction> {
  if (embedded === undefined) throw new TypeError('no embedded engine')
  await using hot = await HotSide.look(place, plan.flow)
  const { said } = embedded
  const { relation, selection } = plan
  const options = plan.options as SnapshotOptions
  const imaged = embedded.inOwnTypes(relation)
  const columns = imageColumns(imaged)
  const compared = comparedColumns(imaged, options)
  const key = keyOf(imaged)
  const { snapshot, previous } = plan.extraction as Extraction
  const image = imageName(snapshot)
  const now = { engine, key: key.map(({ name }) => name), compared, image }
  const former = previous === null ? null : await formerOf(hot, previous, plan.scope, now)
  const before =
    previous === null || former === null
      ? null
      : { ...former, rows: keptRows(HOT, previous), image: imageName(previous) }
  const target = (await port.describe(relation.target.table)) === null ? null : said.target(relation)
  const { versions, ...others } = relation.target
  const version = versions === undefined ? null : String(await nextNumber(hot, plan, embedded))
  const landed = version === null ? relation : { ...relation, target: { ...others, versions: { batch: version } } }
  // what is said of few new and changed rows, none of which the target lacks
  const trusted = before !== null && !options.exact && wayOf(before, now) === 'fingerprints' ? before.rows : null
  const moved = before === null ? null : unpacked(trusted === null ? movedRows(columns) : movedIn(columns))
  const taken = before === null || wayOf(before, now) === 'common columns' ? null : moved
  const tables = hotTablesOf(plan, embedded)
  const id = { id: snapshot, previous, engine, key: now.key }
  const delivery = { run: plan, image, rows: moved, columns, key }
  return {
    statements: [
      ...said.takeOut(relation, selection, image).map((text) => ({ name: 'extraction', text })),
      ...named('keys that are NULL', [nullKeys(image, key)]),
      ...named('fingerprints', [
        trusted === null
          ? presentFrom(image, key, compared)
          : presentBeside(image, key, compared, { before: trusted, columns }),
      ]),
      ...named('keys that are there twice', [repeatedKeys]),
      ...named('comparison', comparison({ before, now, exact: options.exact })),
      ...(target !== null && (plan.refills || plan.brake !== null) ? said.bring(relation) : []).map((text) => ({
        name: 'keys that the target holds',
        text,
      })),
      ...named('rows that the target lacks', plan.refills ? [lacking(target, image, key)] : []),
      ...named(
        'rows that the target loses',
        plan.brake === null
          ? []
          : [takeUndone(HOT, null), takeGone(target, key, said.deletable(relation), before === null)],
      ),
      ...named('new and changed rows', before === null || trusted !== null ? [] : [takeMoved(image, columns)]),
      ...named('row hashes', [hashRows(taken ?? readImage(image), compared)]),
      ...named('hot side', [keepRows(HOT, snapshot), ...(before === null ? [] : [keepDifferences(HOT, snapshot)])]),
      ...named('spool', plan.delivers ? deliveryStatements(said, delivery) : []),
      ...(tables === null ? [] : await explainInTarget(tables, plan, id, HOT)).map((text) => ({
        name: 'hot side in the target',
        text,
      })),
      ...named('delete', plan.brake === null ? [] : [said.remove(landed, FIRST_BATCH)]),
    ],
    ...(version === null ? {} : { version }),
  }
}

const named = (name: string, statements: readonly Sql[]): ExplainedExtraction['statements'] =>
  statements.map((statement) => ({ name, text: printable(statement) }))

/** One that the hot side has lost is taken for one of the same columns. Null: it is another scope's. */
async function formerOf(hot: HotSide, id: string, scope: string, now: Comparable): Promise<Comparable | null> {
  const found = (await hot.list()).find((s) => s.id === id)
  if (found === undefined) return now
  return found.scope === scope ? found : null
}
