import { SQLITE_MIGRATIONS } from '../control/sql/sqlite/sqlite-migrations.ts'

/** The statements that make a control store and bring it up to date, as one script for a person to read or run. */
export const migrationSql = (): string => SQLITE_MIGRATIONS.map((m) => `-- ${m.name}\n${m.text.trim()}\n`).join('\n')
