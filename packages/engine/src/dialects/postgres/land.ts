/** How the staged rows of a batch land: by one statement where the table allows it, else one verdict per row. */
import { NO_ROWS, type RowCounts } from '@tidemark/contract/row-counts'
import { AppError } from '../../runtime/app-error.ts'
import type { FlowRelation, TableFacts } from '../contract.ts'
import { type ApplyMode, takePositions } from '../relational/apply.sql.ts'
import { judge, unfilled } from '../relational/judge.ts'
import type { Catalogs } from '../relational/names.ts'
import { execAll, type Sender } from '../relational/sender.ts'
import type { Sift } from '../relational/sift.ts'
import { keepsVersions } from '../relational/versions.sql.ts'
import { ident, sql } from '../sql-text.ts'
import {
  closeOlder,
  insertNew,
  isReferred,
  letGo,
  listDomainArrays,
  listUnique,
  move,
  noneParked,
  park,
  parkAll,
  updateNewer,
} from './take.sql.ts'
import { olderThanHeld, upsert } from './upsert.sql.ts'

/** What a table's definition says of the ways into it. */
export interface LandingTable {
  readonly name: readonly [schema: string, table: string]
  readonly facts: TableFacts | null
  readonly unique: readonly { readonly columns: readonly string[]; readonly nullsAreEqual: boolean }[]
  /** an address is that of a row in its partition, and a statement that inserts does not say which rows were there */
  readonly partitioned: boolean
  /** columns that are arrays of a domain, whose bytes say its number */
  readonly domainArrays: readonly string[]
}

/** The statements' addresses tell a row of one partition from one of another. */
export const withAddresses = (c: Catalogs, { partitioned }: LandingTable): Catalogs =>
  partitioned
    ? {
        ...c,
        kit: {
          ...c.kit,
          address: (alias) => sql`(CAST(${ident(alias)}.tableoid AS text) || CAST(${ident(alias)}.ctid AS text))`,
        },
      }
    : c

export async function landingOf(
  to: Pick<Sender, 'query'>,
  name: LandingTable['name'],
  facts: TableFacts | null,
): Promise<LandingTable> {
  const rows = await to.query(listUnique(...name))
  return {
    name,
    facts,
    unique: rows.map(([columns, equal]) => ({
      columns: JSON.parse(columns ?? '[]') as readonly string[],
      nullsAreEqual: equal === 'true',
    })),
    partitioned: rows.some((row) => row[2] === 'p'),
    domainArrays: (await to.query(listDomainArrays(...name))).map(([column]) => column ?? ''),
  }
}

/** One statement decides about every row: nothing besides the key has to be unique, and the target holds the position. */
export function canUpsert(r: FlowRelation, kind: ApplyMode, table: LandingTable): boolean {
  const keys = r.key.map((k) => k.target)
  const { unique, folded } = r.target.rules
  return (
    !table.partitioned &&
    !keepsVersions(r) &&
    unique.length === 0 &&
    folded.length === 0 &&
    (kind === 'insert-missing' || r.position === null || r.position.targetColumn !== null) &&
    table.unique.some(({ columns }) => columns.length === keys.length && keys.every((k) => columns.includes(k)))
  )
}

/** `rows`: how many are staged, those that are kept out included. */
export function land(
  to: Sender,
  c: Catalogs,
  r: FlowRelation,
  kind: ApplyMode,
  sift: Sift,
  table: LandingTable,
  rows: bigint,
): Promise<RowCounts> {
  return canUpsert(r, kind, table)
    ? upsertAll(to, c, r, kind, sift, rows - sift.out)
    : byVerdict(to, c, r, kind, sift, table)
}

export const isDuplicate = (error: unknown): error is AppError =>
  error instanceof AppError && error.facts['sqlstate'] === '23505'

async function upsertAll(
  to: Sender,
  c: Catalogs,
  r: FlowRelation,
  kind: ApplyMode,
  { staged }: Sift,
  read: bigint,
): Promise<RowCounts> {
  const [row] = await to.query(upsert(c, r, kind, staged)).catch((error: unknown) => {
    if (!(error instanceof AppError) || error.facts['sqlstate'] !== '21000') throw error
    throw new AppError('TM4005', `${r.source.table.join('.')} has several rows for one key`, { cause: error })
  })
  const [inserted = 0n, updated = 0n] = (row ?? []).map((n) => BigInt(n ?? '0'))
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
  table: LandingTable,
): Promise<RowCounts> {
  await to.exec(sql`ANALYZE tidemark_stage`)
  const counts = await judge(to, c, r, kind, sift)
  const { staged } = sift // the judging may have taken rows out
  // a table of keys alone has nothing to update, but maybe positions beside it
  if (kind === 'latest' && counts.updated > 0n && r.columns.length > r.key.length) {
    await makeWay(to, c, r, sift, table)
    const updated = await to.exec(keepsVersions(r) ? closeOlder(c, r, staged) : updateNewer(c, r, staged))
    if (updated !== counts.updated)
      throw new AppError('TM5003', `${r.target.table.join('.')}: somebody else changed rows of this batch`)
  }
  if (counts.inserted > 0n || (keepsVersions(r) && counts.updated > 0n)) await to.exec(insertNew(c, r, staged))
  if (kind === 'latest') await execAll(to, takePositions(c, r, staged))
  return counts
}

/** A unique value may go from one row to another, and PostgreSQL looks at each row by itself: its holder lets go first. */
async function makeWay(to: Sender, c: Catalogs, r: FlowRelation, { staged }: Sift, table: LandingTable): Promise<void> {
  const { unique } = r.target.rules
  if (unique.length === 0) return
  await execAll(to, noneParked(c))
  let parked = 0n
  for (const columns of unique) parked += await to.exec(park(c, r, staged, columns))
  if (parked === 0n) return
  const takesNull = unique.map((columns) => nullable(columns, table))
  // who refers to a row by a value that it lets go of goes with it
  const refers = r.tree?.reference !== undefined
  if (refers) await to.exec(parkAll)
  else if (takesNull.every((name) => name !== null)) {
    await to.exec(letGo(c, r, [...new Set(takesNull)]))
    return
  }
  if ((await to.count(isReferred(...table.name))) > 0n)
    throw new AppError(
      'TM5010',
      `${r.target.table.join('.')}: ${parked} rows of a batch hand on values of ${unique.map((x) => x.join(', ')).join(' and ')}, which take no NULL, and a foreign key acts on rows that are taken out`,
    )
  await to.exec(move(c, r, staged, unfilled(table.facts, r)))
}

/** A column of the constraint that lets go of its value by being NULL. */
function nullable(unique: readonly string[], { facts, unique: all }: LandingTable): string | null {
  const isIt = all.find((x) => x.columns.length === unique.length && unique.every((name) => x.columns.includes(name)))
  if (isIt === undefined || isIt.nullsAreEqual) return null
  return unique.find((name) => facts?.columns.some((x) => x.name === name && x.nullable)) ?? null
}
