import { isDeepStrictEqual } from 'node:util'
import { AppError } from '../../runtime/app-error.ts'
import type { Actor, CatalogChange, ConnectionRow, ModuleRow, Replacing } from '../control-store.ts'
import type { Attempt } from '../sql/statements.ts'
import { changed } from '../store-session.ts'
import type { StoreParts } from '../store-parts.ts'

/**
 * Writes what differs, all or nothing. Each row's history is the triggers' work; the audit gets one row that says
 * what this deploy wrote, by whom and why.
 */
export async function deploy({ session, sql }: StoreParts, change: CatalogChange, by: Actor): Promise<void> {
  await session.transaction(async (tx) => {
    const written: string[] = []
    const put = async (subject: string, statement: Attempt): Promise<void> => {
      if (!(await changed(tx, statement)))
        throw new AppError('TM3010', `${subject} was changed since the difference was computed`, {
          facts: { subject },
          remedy: ['tidemark deploy   shows the difference as it is now'],
        })
      written.push(subject)
    }
    const { catalog } = sql
    for (const row of change.connections.filter(differs))
      await put(`connection ${row.id}`, catalog.putConnection({ row, by: by.actor }))
    for (const row of change.modules.filter(differs))
      await put(`module ${row.id}`, catalog.putModule({ row, by: by.actor }))
    for (const { version, ...row } of change.tasks)
      await put(
        `task ${row.module}.${row.id}`,
        version === null
          ? catalog.insertTask({ row, by: by.actor })
          : catalog.updateTask({ row, version, by: by.actor }),
      )
    if (written.length === 0) return
    await tx.all(
      sql.audit.insert({ action: 'deploy', subject: 'definitions', by, before: null, after: JSON.stringify(written) }),
    )
  })
}

const differs = ({ was, ...row }: Replacing<ConnectionRow> | Replacing<ModuleRow>): boolean =>
  was === null || !isDeepStrictEqual(row, was)
