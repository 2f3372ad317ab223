/** T-SQL under the names that a bench's neutral half knows. */
import type { Statements } from '../relational/statements.ts'
import * as capture from './capture.sql.ts'
import * as moves from './moves.sql.ts'
import * as rejects from './rejects.sql.ts'
import * as stage from './stage.sql.ts'
import * as template from './template.sql.ts'
import * as tree from './tree.sql.ts'
import * as verdict from './verdict.sql.ts'

export const SQLSERVER_STATEMENTS: Statements = {
  capture,
  tree,
  moves,
  stage,
  template: { ...template, strangers: stage.strangers },
  judge: verdict,
  rejects,
}
