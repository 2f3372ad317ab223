import { importSqlServerSnapshots } from '../support/snapshot-sqlserver-semantics.ts'

await importSqlServerSnapshots('live')
