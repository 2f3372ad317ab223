import { importSnapshotSemantics } from '../support/snapshot-semantics.ts'

await importSnapshotSemantics('duckdb', '18')
