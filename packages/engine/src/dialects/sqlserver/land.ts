/** How the staged rows of a batch land: newer ones by an UPDATE, new ones by an INSERT, else by one verdict per row. */
import { VERSION_COLUMNS } from '@tidemark/contract/flow'
import { NO_ROWS, type RowCounts } from '@tidemark/contract/row-counts'
import { AppError } from '../../runtime/app-error.ts'
import { type FlowRelation, landingTable, type TableFacts } from '../contract.ts'
import type { ApplyMode } from '../relational/apply.sql.ts'
import { judge } from '../relational/judge.ts'
import { type Catalogs, targetTable } from '../relational/names.ts'
import { execAll, type Sender } from '../relational/sender.ts'
import type { Sift } from '../relational/sift.ts'
import { keepsVersions } from '../relational/versions.sql.ts'
import { type Sql, sql } from '../sql-text.ts'
import { insertMissing, olderThanHeld, updateNewer as updateOlder } from './upsert.sql.ts'
import { closeOlder, insertNew, numbering, takePositions, updateNewer, type Writing } from './verdict.sql.ts'

/** What a table's definition says of the ways into it. */
export interface LandingTable {
  readonly facts: TableFacts | null
  /** the column that the database numbers; null: none */
  readonly identity: string | null
}

export const landingOf = (facts: TableFacts | null): LandingTable => ({
  facts,
  identity: facts?.columns.find((x) => x.identity !== undefined)?.name ?? null,
})

/** Does a unique constraint of the table say that there is one row for a key, or one version that a run opens? */
export function isKept(r: FlowRelation, { facts }: LandingTable): boolean {
  const key = [...r.key.map((k) => k.target), ...(keepsVersions(r) ? [VERSION_COLUMNS.from] : [])]
  return (facts?.uniqueKeys ?? []).some(
    (columns) => columns.length === key.length && key.every((name) => columns.includes(name)),
  )
}

/** The plan knows nothing of a table that its run makes: which keys the collation of the database holds equal there. */
export function asFolded(r: FlowRelation, { facts }: LandingTable): FlowRelation {
  const { rules } = r.target
  if (rules.folded.length > 0) return r
  const folded = r.key.flatMap((k) => {
    const collation = facts?.columns.find((x) => x.name === k.target)?.collation
    return collation === undefined ? [] : [{ column: k.target, collation }]
  })
  return { ...r, target: { ...r.target, rules: { ...rules, folded } } }
}

/** The whole table, until the batch ends: nothing else keeps a key from being inserted twice at once. */
const alone = (c: Catalogs, r: FlowRelation): Sql =>
  sql`SELECT COUNT(*) FROM (SELECT TOP (1) 1 AS x FROM ${targetTable(c, landingTable(r))} WITH (TABLOCKX, HOLDLOCK)) AS q`

/** Every row is decided by key and position: nothing besides the key has to be unique, and the target holds the position. */
export function isPlain(r: FlowRelation, kind: ApplyMode): boolean {
  const { unique, folded } = r.target.rules
  return (
    !keepsVersions(r) &&
    unique.length === 0 &&
    folded.length === 0 &&
    (kind === 'insert-missing' || r.position === null || r.position.targetColumn !== null)
  )
}

/** `rows`: how many are staged, those that are kept out included. */
export async function land(
  to: Sender,
  c: Catalogs,
  r: FlowRelation,
  kind: ApplyMode,
  sift: Sift,
  table: LandingTable,
  how: { readonly rows: bigint; readonly maxDop: number | null },
): Promise<RowCounts> {
  const writing: Writing = { identity: table.identity, maxDop: how.maxDop }
  if (!isKept(r, table)) await to.query(alone(c, r))
  return isPlain(r, kind)
    ? await upsertAll(to, c, r, kind, sift, writing, how.rows - sift.out)
    : await byVerdict(to, c, r, kind, sift, writing)
}

/** Duplicates of a constraint and of an index. */
export const isDuplicate = (error: unknown): error is AppError =>
  error instanceof AppError && (error.facts['number'] === 2627 || error.facts['number'] === 2601)

async function upsertAll(
  to: Sender,
  c: Catalogs,
  r: FlowRelation,
  kind: ApplyMode,
  { staged }: Sift,
  writing: Writing,
  read: bigint,
): Promise<RowCounts> {
  const update = updateOlder(c, r, kind, staged, writing)
  const updated = update === null ? 0n : await to.exec(update)
  let inserted = 0n
  for (const statement of numbering(c, r, writing.identity, insertMissing(c, r, staged, writing)))
    inserted += await to.exec(statement)
  const skipped = read - inserted - updated
  const older = kind === 'latest' && skipped > 0n ? olderThanHeld(c, r, staged) : null
  const skippedOlder = older === null ? 0n : await to.count(older)
  return { ...NO_ROWS, read, inserted, updated, skippedSame: skipped - skippedOlder, skippedOlder }
}

async function byVerdict(
  to: Sender,
  c: Catalogs,
  r: FlowRelation,
  kind: ApplyMode,
  sift: Sift,
  writing: Writing,
): Promise<RowCounts> {
  const counts = await judge(to, c, r, kind, sift)
  const { staged } = sift // the judging may have taken rows out
  // a table of keys alone has nothing to update, but maybe positions beside it
  if (kind === 'latest' && counts.updated > 0n && r.columns.length > r.key.length) {
    const updated = await to.exec((keepsVersions(r) ? closeOlder : updateNewer)(c, r, staged, writing))
    if (updated !== counts.updated)
      throw new AppError('TM5003', `${r.target.table.join('.')}: somebody else changed rows of this batch`)
  }
  if (counts.inserted > 0n || (keepsVersions(r) && counts.updated > 0n))
    await execAll(to, numbering(c, r, writing.identity, insertNew(c, r, staged, writing)))
  if (kind === 'latest') await execAll(to, takePositions(c, r, staged))
  return counts
}
