/** Finds the values that differ in changed rows, with memory that depends on neither rows nor columns. */
import type { Desk } from '../dialects/duckdb/desk.ts'
import { readImage } from '../dialects/duckdb/image.sql.ts'
import type { Sql } from '../dialects/sql-text.ts'
import {
  BEFORE,
  type ComparedPairs,
  countExplained,
  endOfFirst,
  NOW,
  numberChanged,
  type NumberedColumn,
  packedPairs,
  placesBefore,
  placesNow,
  placesUpTo,
  SOME_BEFORE,
  takeSome,
  takeValues,
} from './differences.sql.ts'
import type { Images } from './judge.sql.ts'
import { type PackedRows, packedRows, packRows, unpacked, whichDiffer } from './packed.sql.ts'

/** Rows that hold so many values are taken out of the images once; of more, the images are read some columns at a time. */
const FEW_VALUES = 3_000_000n
const MOST_COLUMNS = 64n
/** Of so many rows it is asked first in which columns they differ. */
const FIRST_ROWS = 200n

/** In the order of their names, by their bytes in UTF-8. */
export const numbered = (columns: ComparedPairs): readonly NumberedColumn[] =>
  columns
    .toSorted((a, b) => Buffer.compare(Buffer.from(a.now.name), Buffer.from(b.now.name)))
    .map((pair, ord) => ({ ord, ...pair }))

export interface FindDifferences {
  readonly images: Images
  readonly columns: readonly NumberedColumn[]
  /** rows of JUDGED that are changed */
  readonly changed: bigint
  /** of so many rows the texts are wanted; null: of all */
  readonly texts: bigint | null
  /**
   * Of the earlier snapshot, with place and fingerprints, where these are of just the columns and `columns` are all of them;
   * null: they say nothing.
   */
  readonly fingerprints: Sql | null
}

/** Leaves behind what the statements of `differences.sql.ts` read. */
export async function findDifferences(desk: Desk, wanted: FindDifferences): Promise<void> {
  const { images, columns, changed, texts } = wanted
  for (const statement of numberChanged) await desk.exec(statement)
  if (changed === 0n) return
  const few = changed * BigInt(columns.length) <= FEW_VALUES
  using _room = await desk.room(2 * (few ? columns.length : Number(MOST_COLUMNS)))
  const { looked, from } = few
    ? await differing(desk, wanted)
    : { looked: columns, from: { before: readImage(images.before), now: readImage(images.now) } }
  const atOnce = Math.max(1, Math.min(Number(MOST_COLUMNS), Number(FEW_VALUES / changed)))
  for (let at = 0; at < looked.length; at += atOnce)
    await desk.exec(takeValues(looked.slice(at, at + atOnce), from, texts))
}

interface Differing {
  readonly looked: readonly NumberedColumn[]
  readonly from: { readonly before: Sql; readonly now: Sql }
}

/** Of hundreds of columns few differ in few rows, and a statement about texts takes its time to be planned. */
async function differing(desk: Desk, wanted: FindDifferences): Promise<Differing> {
  const { images, columns } = wanted
  const now = packedRows(
    NOW,
    columns.map((pair) => pair.now),
  )
  await desk.exec(packRows(now, images.now, placesNow))
  const some = await explaining(desk, wanted, now)
  if (some !== null) return { looked: some, from: { before: SOME_BEFORE, now: unpacked(now) } }
  const before = packedBefore(columns)
  await desk.exec(packRows(before, images.before, placesBefore))
  return { looked: await different(desk, columns, before, now), from: { before: unpacked(before), now: unpacked(now) } }
}

const packedBefore = (columns: readonly NumberedColumn[]): PackedRows =>
  packedRows(
    BEFORE,
    columns.map((pair) => pair.before),
  )

/**
 * The columns in which the first rows differ, if by them alone every row becomes what it was: both fingerprints say so.
 * Then nothing else of the earlier image has to be read, which costs as much as hashing it. Null: they do not.
 */
async function explaining(
  desk: Desk,
  { images, columns, changed, fingerprints }: FindDifferences,
  now: PackedRows,
): Promise<readonly NumberedColumn[] | null> {
  if (fingerprints === null) return null
  const first = packedBefore(columns)
  const end = await desk.count(endOfFirst(FIRST_ROWS))
  await desk.exec(packRows(first, images.before, placesUpTo(end)))
  const some = await different(desk, columns, first, now)
  if (some.length > Number(MOST_COLUMNS)) return null
  await desk.exec(takeSome(images.before, some))
  return (await desk.count(countExplained(columns, some, now, fingerprints))) === changed ? some : null
}

async function different(
  desk: Desk,
  columns: readonly NumberedColumn[],
  before: PackedRows,
  now: PackedRows,
): Promise<readonly NumberedColumn[]> {
  const pairs = columns.map((pair) => ({ ord: pair.ord, before: pair.before.name, now: pair.now.name }))
  const found = await desk.query(whichDiffer(pairs, { before, now, from: packedPairs(before, now) }))
  const ords = new Set(found.map(([ord]) => Number(ord)))
  return columns.filter(({ ord }) => ords.has(ord))
}
