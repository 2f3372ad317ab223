/** What becomes of each row of a batch: judged against the target, counted, and in a dry run thrown away. */
import { NO_ROWS, type RowCounts } from '@tidemark/contract/row-counts'
import { AppError } from '../../runtime/app-error.ts'
import type { FlowRelation, TableFacts } from '../contract.ts'
import { execAll, type Sender } from './sender.ts'
import type { ApplyMode } from './apply.sql.ts'
import type { Catalogs } from './names.ts'
import type { Sift } from './sift.ts'

/** Content is asked only where the position does not decide. `lacking`: columns that the target does not have yet. */
export async function judge(
  to: Sender,
  c: Catalogs,
  relation: FlowRelation,
  kind: ApplyMode,
  sift: Sift,
  lacking: readonly string[] = [],
): Promise<RowCounts> {
  const { staged } = sift
  await execAll(to, c.say.judge.verdict(c, relation, kind, staged))
  if (kind === 'latest' && (await to.count(c.say.judge.ties)) > 0n)
    await to.exec(c.say.judge.decideTies(c, relation, staged, lacking))
  await sift.compare()
  return verdictOf(await to.query(c.say.judge.verdictCounts), relation)
}

function verdictOf([row]: readonly (readonly (string | null)[])[], relation: FlowRelation): RowCounts {
  const [all = 0n, read = 0n, inserted = 0n, updated = 0n, skippedSame = 0n, skippedOlder = 0n] = (row ?? []).map((v) =>
    BigInt(v ?? '0'),
  )
  if (all !== read)
    throw new AppError(
      'TM5001',
      `${relation.target.table.join('.')} holds a key more than once, so no row of it can be called the present one`,
    )
  return { ...NO_ROWS, read, inserted, updated, skippedSame, skippedOlder }
}

/** Columns of the target that keep their values when a row is replaced. */
export function unfilled(facts: TableFacts | null, relation: FlowRelation): readonly string[] {
  const filled = new Set(relation.columns.map((x) => x.target))
  return (facts?.columns ?? []).filter((x) => !filled.has(x.name) && !x.generated).map((x) => x.name)
}

/** Columns that a target is given before the first batch, and does not have yet. */
export const lackingIn = (facts: TableFacts | null, relation: FlowRelation): readonly string[] =>
  relation.target.adds.filter((name) => !facts?.columns.some((x) => x.name === name))
