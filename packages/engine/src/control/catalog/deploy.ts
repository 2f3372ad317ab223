import { AppError } from '../../runtime/app-error.ts'
import type { Actor, CatalogChange } from '../control-store.ts'
import { changed } from '../store-session.ts'
import type { StoreParts } from '../store-parts.ts'

/**
 * Writes what differs, all or nothing. Each row's history is the triggers' work; the audit gets one row that says
 * what this deploy wrote, by whom and why.
 */
export async function deploy({ session, sql }: StoreParts, change: CatalogChange, by: Actor): Promise<void> {
  await session.transaction(async (tx) => {
    const written: string[] = []
    for (const row of change.connections) {
      if (await changed(tx, sql.catalog.putConnection({ row, by: by.actor }))) written.push(`connection ${row.id}`)
    }
    for (const row of change.modules) {
      if (await changed(tx, sql.catalog.putModule({ row, by: by.actor }))) written.push(`module ${row.id}`)
    }
    for (const { version, ...row } of change.tasks) {
      const statement =
        version === null
          ? sql.catalog.insertTask({ row, by: by.actor })
          : sql.catalog.updateTask({ row, version, by: by.actor })
      const subject = `task ${row.module}.${row.id}`
      if (!(await changed(tx, statement))) {
        throw new AppError('TM3010', `${subject} was changed since the difference was computed`, {
          facts: { task: `${row.module}.${row.id}`, version },
          remedy: ['tidemark deploy   shows the difference as it is now'],
        })
      }
      written.push(subject)
    }
    if (written.length === 0) return
    await tx.all(
      sql.audit.insert({ action: 'deploy', subject: 'definitions', by, before: null, after: JSON.stringify(written) }),
    )
  })
}
