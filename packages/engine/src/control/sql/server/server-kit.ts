/**
 * What a control store on a server has of its own: a driver's connections, how its transactions begin, what its errors
 * mean. Pool, retries and marks are written once, above it.
 */
import type { RawRow, Statement } from '../../store-session.ts'
import type { Effect } from '../statements.ts'

/** One connection, as its driver gives it. */
export interface DriverSession extends AsyncDisposable {
  readonly closed: boolean
  readonly inTransaction: boolean
  commit(): Promise<void>
  rollback(): Promise<void>
  /** Closes the socket, whatever is under way: the server rolls back. */
  destroy(): void
}

/**
 * By which a commit is known that was not answered. The number of a transaction cannot tell: after a crash a server may
 * give the numbers of those that it lost to others. So each transaction that writes begins by writing its own number into
 * the row of its connection.
 */
export interface MarkStatements {
  /** As text, because it goes along with the beginning: the writer is a UUID of our own making. */
  mark(writer: string, number: number): string
  /** The number of its newest transaction that committed; 0, or no row: none did. Waits for the one that may still be at it. */
  newest(writer: string): Statement<bigint>
  /** With those of connections that ended without a word. */
  remove(writer: string): Effect
}

export interface ServerKit<S extends DriverSession = DriverSession> {
  connect(): Promise<S>
  /** Rows by the names of their columns. */
  ask(session: S, text: string, values: readonly (string | null)[]): Promise<readonly RawRow[]>
  /** A migration, which may take its time. */
  script(session: S, text: string): Promise<void>
  /** A transaction that writes, with its mark; null: there is no place for one yet. */
  begin(session: S, mark: string | null): Promise<void>
  /** A transaction whose reads see one moment. */
  beginToLook(session: S): Promise<void>
  readonly marks: MarkStatements
  /** after which a server that does not even end a statement is gone */
  readonly deadlineMs: number
  /** The server said it, not the connection. */
  isServers(error: unknown): boolean
  /** The server ends, or is not there yet: what was not committed can be done again on another connection. */
  isLost(error: unknown): boolean
  /** Two transactions met, and the server chose this one to begin again. */
  isConflict(error: unknown): boolean
  /** What went wrong with the store at `location`, in words of the registry. */
  storeError(error: unknown, location: string): unknown
}
