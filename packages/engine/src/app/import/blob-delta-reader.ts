/** How an installation is asked. Whatever it holds comes as text, and is judged elsewhere. */

/** Values as text; times as `2026-11-20 21:57:12.4412345`, flags as 0 and 1. */
export type PlainRow = Readonly<Record<string, string | null>>

export interface PlainTable {
  /** as the catalog has them */
  readonly schema: string
  readonly name: string
  readonly columns: readonly string[]
}

export interface BlobDeltaReader extends AsyncDisposable {
  /** server and database, for messages */
  readonly location: string
  /** Tables of the database, of every schema. */
  tables(): Promise<readonly PlainTable[]>
  /** Every row, by the names of these columns. */
  rows(table: PlainTable, columns: readonly string[]): Promise<readonly PlainRow[]>
  count(table: PlainTable): Promise<bigint>
  /** The texts of procedures whose names begin with `usp_Blob`, as far as they may be seen. */
  procedures(): Promise<readonly { readonly name: string; readonly text: string }[]>
  /** Values of a column of a table of any database there, sorted; null: there is none that can be read. */
  values(
    table: readonly [database: string, schema: string, name: string],
    column: string,
  ): Promise<readonly string[] | null>
  /** What the procedures take for now, in the notation of times. */
  now(): Promise<string>
}

/** Opens it; refuses a connection that no installation can be on. `dir`: what paths of its options count from. */
export type OpenBlobDelta = (
  connection: { readonly id: string; readonly kind: string; readonly options: Readonly<Record<string, unknown>> },
  database: string,
  dir: string,
) => Promise<BlobDeltaReader>
