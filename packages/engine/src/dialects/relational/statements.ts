/**
 * The statements that a bench's neutral half sends. DuckDB and PostgreSQL share one text; a database whose SQL says these
 * things otherwise brings its own, under the same names.
 */
import * as apply from './apply.sql.ts'
import * as capture from './capture.sql.ts'
import * as moves from './moves.sql.ts'
import * as rejects from './rejects.sql.ts'
import * as template from './template.sql.ts'
import * as tree from './tree.sql.ts'

export interface Statements {
  readonly capture: Pick<
    typeof capture,
    'insertSelected' | 'unmatchedQuery' | 'foundQuery' | 'capturedAmong' | 'repeatedWorkKeys'
  >
  readonly tree: typeof tree
  readonly moves: typeof moves
  readonly stage: Pick<
    typeof apply,
    'staged' | 'stagedRows' | 'stage' | 'stageTemplate' | 'numberGiven' | 'repeatedKeys'
  >
  readonly template: Pick<typeof template, 'readQueue' | 'strangers'>
  readonly judge: Pick<typeof apply, 'verdict' | 'ties' | 'decideTies' | 'verdictCounts'>
  readonly rejects: Omit<typeof rejects, 'explainRejects'>
}

export const SHARED_STATEMENTS: Statements = { capture, tree, moves, stage: apply, template, judge: apply, rejects }
