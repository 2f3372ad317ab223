import { AppError } from '../../runtime/app-error.ts'
import type { Actor } from '../control-store.ts'
import { first, type StoreReader } from '../store-session.ts'
import type { StoreParts } from '../store-parts.ts'

export interface AuditEntry {
  readonly action: string
  readonly subject: string
  readonly by: Actor
  /** JSON */
  readonly before: string | null
  readonly after: string | null
}

/** Records it and returns its number, by which other rows refer to it. */
export async function audit(tx: StoreReader, sql: StoreParts['sql'], entry: AuditEntry): Promise<bigint> {
  const number = await first(tx, sql.audit.insert(entry))
  if (number === null) throw new AppError('TM3010', `${entry.action} of ${entry.subject} left no audit row`)
  return number
}
