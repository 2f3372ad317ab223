import { importSemantics } from '../support/postgres-semantics.ts'

await importSemantics('15', 'runs')
