import { migrationScript } from '../control/sql/sqlite/schema.sql.ts'
import { SQLITE_MIGRATIONS } from '../control/sql/sqlite/sqlite-migrations.ts'

/** The statements that make a new control store, as one script for a person to read or run. */
export const migrationSql = (): string => SQLITE_MIGRATIONS.map(migrationScript).join('\n')
