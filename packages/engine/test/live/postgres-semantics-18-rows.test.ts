import { importSemantics } from '../support/postgres-semantics.ts'

await importSemantics('18', 'rows')
