/** Finds the values that differ in changed rows, with memory that depends on neither rows nor columns. */
import type { Desk } from '../dialects/duckdb/desk.ts'
import { readImage } from '../dialects/duckdb/image.sql.ts'
import {
  type BothSides,
  type ComparedPairs,
  numberChanged,
  type NumberedColumn,
  takeValues,
  whichDiffer,
} from './differences.sql.ts'
import { type Images, MOVED, MOVED_FROM, takeChanged } from './judge.sql.ts'

/** Rows that hold so many values are taken out of the images once; of more, the images are read some columns at a time. */
const FEW_VALUES = 3_000_000n
const MOST_COLUMNS = 64n

/** A table of whole rows is held in memory column by column: of many wide ones it would not fit. */
export const areFew = (rows: bigint, columns: number): boolean => rows * BigInt(columns) <= FEW_VALUES

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
}

/** Leaves behind what the statements of `differences.sql.ts` read. */
export async function findDifferences(desk: Desk, { images, columns, changed, texts }: FindDifferences): Promise<void> {
  for (const statement of numberChanged) await desk.exec(statement)
  if (changed === 0n) return
  const few = areFew(changed, columns.length)
  using _room = await desk.room(2 * (few ? columns.length : Number(MOST_COLUMNS)))
  if (few) for (const statement of takeChanged(images)) await desk.exec(statement)
  const from = few
    ? { before: MOVED_FROM, now: MOVED }
    : { before: readImage(images.before), now: readImage(images.now) }
  const looked = few ? await differing(desk, columns, from) : columns
  const atOnce = Math.max(1, Math.min(Number(MOST_COLUMNS), Number(FEW_VALUES / changed)))
  for (let at = 0; at < looked.length; at += atOnce)
    await desk.exec(takeValues(looked.slice(at, at + atOnce), from, texts))
}

/** Of hundreds of columns few differ in few rows, and a statement about texts takes its time to be planned. */
async function differing(
  desk: Desk,
  columns: readonly NumberedColumn[],
  from: BothSides,
): Promise<readonly NumberedColumn[]> {
  const [row = []] = await desk.query(whichDiffer(columns, from))
  return columns.filter((_, i) => row[i] === 'true')
}
