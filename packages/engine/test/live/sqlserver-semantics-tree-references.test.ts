import { importSemantics } from '../support/sqlserver-semantics.ts'

await importSemantics('tree-references')
