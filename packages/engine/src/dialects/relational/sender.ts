import type { Sql } from '../sql-text.ts'

/** Whoever sends statements to the database: a batch's transaction, or in read mode a session. */
export interface Sender {
  /** Rows changed. */
  exec(statement: Sql): Promise<bigint>
  query(statement: Sql): Promise<readonly (readonly (string | null)[])[]>
  /** The number that the first row begins with. */
  count(statement: Sql): Promise<bigint>
}

export async function execAll(to: Pick<Sender, 'exec'>, statements: readonly Sql[]): Promise<void> {
  for (const statement of statements) await to.exec(statement)
}
