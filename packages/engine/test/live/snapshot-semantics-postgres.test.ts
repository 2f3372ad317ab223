import { importSnapshotSemantics } from '../support/snapshot-semantics.ts'

await importSnapshotSemantics('postgres', '18')
