/**
 * What the ledger's logic needs from a database: statements, transactions, one consistent view. A further store
 * brings a session and its statements (`sql/statements.ts`); the logic is written once, above both.
 */
export type StoreValue = string | number | bigint | null
/** A row as the driver gives it; only the decoder of its statement looks inside. */
export type RawRow = Readonly<Record<string, unknown>>

/** One statement: text with its parameters in order, and what a row of its answer means. */
export interface Statement<Row> {
  readonly text: string
  readonly params: readonly StoreValue[]
  decode(raw: RawRow): Row
}

export interface StoreReader {
  all<Row>(statement: Statement<Row>): Promise<readonly Row[]>
}

export interface StoreTransaction extends StoreReader {
  /** Several statements without parameters, for migrations. */
  script(text: string): Promise<void>
}

/**
 * How sure a resolved commit is. `synced`: on the disk. `written`: it outlives this process, but the newest of them may
 * go with the power, in order and never in part: for what another place can tell again (decision 0011).
 */
export type Keep = 'synced' | 'written'

export interface StoreSession extends StoreReader, AsyncDisposable {
  /**
   * All or nothing. Two of them never interleave where their rows meet: what one has read stays true until it
   * commits. `work` uses only the argument; the session itself would wait for this transaction.
   */
  transaction<T>(work: (tx: StoreTransaction) => Promise<T>, keep?: Keep): Promise<T>
  /** A transaction of one statement. */
  write<Row>(statement: Statement<Row>, keep: Keep): Promise<readonly Row[]>
  /** Several reads that see the same moment. */
  snapshot<T>(work: (view: StoreReader) => Promise<T>): Promise<T>
}

/** The first row, or null. */
export async function first<Row>(reader: StoreReader, statement: Statement<Row>): Promise<Row | null> {
  const [row] = await reader.all(statement)
  return row ?? null
}

/** Whether a row came back: the only proof that a compare-and-set took place. */
export async function changed(reader: StoreReader, statement: Statement<unknown>): Promise<boolean> {
  return (await reader.all(statement)).length > 0
}
