/** One verdict per staged row, and the statements that make the verdicts true. Rows are found by key. */
import { largestBackwardStepMs } from '@tidemark/contract/zone'
import { type FlowRelation, landingTable, type PlannedPosition } from '../contract.ts'
import { stepAt } from '../planned-steps.ts'
import { type ApplyMode, stagedPosition, type Staging, writtenNames } from '../relational/apply.sql.ts'
import {
  type Catalogs,
  keyEquals,
  sidePosition,
  sideTable,
  targetAs,
  targetKey,
  targetTable,
  typed,
} from '../relational/names.ts'
import { andLive, closing, keepsVersions, openedBy } from '../relational/versions.sql.ts'
import { EMPTY, ident, joined, param, type Sql, sql, textLiteral, whole } from '../sql-text.ts'
import { positionType } from './capture.sql.ts'
import { repeatedHours } from './repeated-hours.ts'

const list = (items: readonly Sql[]): Sql => joined(items, ', ')

export const VERDICT = sql`#tidemark_verdict`

const target = (c: Catalogs, r: FlowRelation): Sql => targetTable(c, landingTable(r))

/** Local times of an hour that is lived twice say nothing about which came first. */
export function sameRepeatedHour(position: PlannedPosition, a: Sql, b: Sql): Sql {
  const step = position.clock === 'local' && position.zone !== null ? largestBackwardStepMs(position.zone) : 0
  if (step === 0 || position.zone === null) return EMPTY
  const hours = repeatedHours(position.zone)
  const twice = (x: Sql): Sql =>
    sql`EXISTS (SELECT 1 FROM OPENJSON(${param(JSON.stringify(hours))}) WITH (since datetime2(3) '$[0]', until datetime2(3) '$[1]') AS h WHERE ${x} >= h.since AND ${x} < h.until)`
  return sql` AND NOT (${twice(a)} AND ${twice(b)} AND ABS(DATEDIFF_BIG(second, ${a}, ${b})) < ${whole(BigInt(Math.ceil(step / 1000)))})`
}

export const heldAside = (r: FlowRelation, mode: ApplyMode): boolean =>
  r.position !== null && r.position.targetColumn === null && mode === 'latest'

/**
 * insert, update, older or same; `tie` where content has to decide. Newer wins; an equal position, or none on either
 * side, is decided by content: a coarse clock ticks once for two updates. What is found stays as it is until the batch
 * is in: update locks, not range locks, which would make batches that append wait for each other.
 */
export function verdict(c: Catalogs, r: FlowRelation, mode: ApplyMode, staged: Staging): readonly Sql[] {
  const side = heldAside(r, mode)
  const held = side ? sql`p.${sidePosition(r)}` : ident('t', r.position?.targetColumn ?? '')
  const given = sql`s.${stagedPosition(r)}`
  const unsure = r.position ? sameRepeatedHour(r.position, given, held) : EMPTY
  const byPosition =
    r.position && mode === 'latest'
      ? sql`\n  WHEN ${given} > ${held}${unsure} THEN 'update'\n  WHEN ${given} < ${held}${unsure} THEN 'older'`
      : EMPTY
  const s = targetKey(r, 's')
  return [
    ...c.kit.remakeEmptyTemp(
      VERDICT,
      sql`stage_row bigint NOT NULL, held ${positionType(r)} NULL, verdict varchar(8) NOT NULL`,
    ),
    sql`INSERT INTO ${VERDICT} (stage_row, held, verdict)
SELECT ${staged.row}, ${side ? held : sql`NULL`}, CASE
  WHEN ${targetKey(r, 't')(0)} IS NULL THEN 'insert'${byPosition}
  ELSE ${textLiteral(mode === 'latest' ? 'tie' : 'same')}
END
FROM ${staged.from}
LEFT JOIN ${target(c, r)} AS t WITH (UPDLOCK, ROWLOCK) ON ${keyEquals(r, targetKey(r, 't'), s)}${andLive(r, 't')}${
      side ? sql`\nLEFT JOIN ${sideTable(c, r.target.table)} AS p ON ${keyEquals(r, targetKey(r, 'p'), s)}` : EMPTY
    }`,
  ]
}

/** Do the staged row `s` and the target's row `t` say the same, but for the key? */
export const sameRow = (c: Catalogs, r: FlowRelation, lacking: readonly string[] = []): Sql =>
  joined(
    r.columns
      .filter((x) => !r.key.some((k) => k.target === x.target))
      .map((x) => {
        const held = lacking.includes(x.target) ? sql`CAST(NULL AS ${typed(x.targetType)})` : ident('t', x.target)
        return c.kit.sameContent(x.targetType, held, ident('s', x.target))
      }),
    ' AND ',
    sql`1 = 1`,
  )

const judged = (staged: Staging): Sql => sql`${staged.from} JOIN ${VERDICT} AS v ON v.stage_row = ${staged.row}`

/** Equal content is the same row, any other is the newer one. `lacking`: columns that the target does not have yet. */
export const decideTies = (c: Catalogs, r: FlowRelation, staged: Staging, lacking: readonly string[] = []): Sql =>
  sql`UPDATE v SET verdict = CASE WHEN ${sameRow(c, r, lacking)} THEN 'same' ELSE 'update' END
FROM ${judged(staged)} JOIN ${targetAs(c, landingTable(r), sql`t`)} ON ${keyEquals(r, targetKey(r, 't'), targetKey(r, 's'))}${andLive(r, 't')}
WHERE v.verdict = 'tie'`

const counted = (verdict: string): Sql => sql`COUNT_BIG(CASE WHEN verdict = ${textLiteral(verdict)} THEN 1 END)`

export const verdictCounts = sql`SELECT COUNT_BIG(*), COUNT_BIG(DISTINCT stage_row), ${counted('insert')}, ${counted('update')}, ${counted('same')}, ${counted('older')}
FROM ${VERDICT}`

export const ties = sql`SELECT COUNT_BIG(*) FROM ${VERDICT} WHERE verdict = 'tie'`

/**
 * How many processors a statement that writes rows of a step may have; null: as the server is set. Ancestors have one unless
 * the flow says otherwise: parallel plans of their inserts into a FileTable are known to fail, and they are few.
 */
export function dopOf(r: FlowRelation, step: number): number | null {
  const planned = stepAt(r, step)
  return planned?.maxDop ?? (planned?.name === 'ancestors' ? 1 : null)
}

/** `OPTION (MAXDOP n)` at the end of a statement; null: as the server is set. */
export const maxDop = (n: number | null): Sql => (n === null ? EMPTY : sql`\nOPTION (MAXDOP ${whole(BigInt(n))})`)

/** A statement that gives numbered rows their numbers is told so, for one table at a time. */
export const numbering = (c: Catalogs, r: FlowRelation, identity: string | null, statement: Sql): readonly Sql[] =>
  identity === null || !r.columns.some((x) => x.target === identity)
    ? [statement]
    : [sql`SET IDENTITY_INSERT ${target(c, r)} ON`, statement, sql`SET IDENTITY_INSERT ${target(c, r)} OFF`]

/** How a batch writes its table. */
export interface Writing {
  /** the column that the database numbers, which takes no update; null: none */
  readonly identity: string | null
  readonly maxDop: number | null
}

/** What an update sets: neither key nor what the database numbers. */
export const contentOf = (r: FlowRelation, { identity }: Pick<Writing, 'identity'>) =>
  r.columns.filter((x) => x.target !== identity && !r.key.some((k) => k.target === x.target))

const assignments = (r: FlowRelation, w: Writing): Sql =>
  list(contentOf(r, w).map((x) => sql`${ident(x.target)} = ${ident('s', x.target)}`))

export const updateNewer = (c: Catalogs, r: FlowRelation, staged: Staging, w: Writing): Sql =>
  sql`UPDATE t SET ${assignments(r, w)}
FROM ${target(c, r)} AS t JOIN (SELECT s.* FROM ${judged(staged)} WHERE v.verdict = 'update') AS s ON ${keyEquals(r, targetKey(r, 't'), targetKey(r, 's'))}${maxDop(w.maxDop)}`

/** Versions that a newer one follows. */
export const closeOlder = (c: Catalogs, r: FlowRelation, staged: Staging, w: Writing): Sql =>
  sql`UPDATE t SET ${closing(r)}
FROM ${target(c, r)} AS t JOIN (SELECT s.* FROM ${judged(staged)} WHERE v.verdict = 'update') AS s ON ${keyEquals(r, targetKey(r, 't'), targetKey(r, 's'))}${andLive(r, 't')}${maxDop(w.maxDop)}`

/** New rows, or versions: a newer one is a row of its own. */
export const insertNew = (c: Catalogs, r: FlowRelation, staged: Staging, w: Writing): Sql =>
  sql`INSERT INTO ${target(c, r)} (${writtenNames(r)})
SELECT ${list([...r.columns.map((x) => ident('s', x.target)), ...openedBy(r)])}
FROM ${judged(staged)} WHERE v.verdict ${keepsVersions(r) ? sql`IN ('insert', 'update')` : sql`= 'insert'`}${maxDop(w.maxDop)}`

/** The positions of what landed, and of what was the same but had none on record. */
export function takePositions(c: Catalogs, r: FlowRelation, staged: Staging): readonly Sql[] {
  if (!r.position || r.position.targetColumn !== null) return []
  const side = sideTable(c, r.target.table)
  const taken = sql`FROM ${judged(staged)}
WHERE (v.verdict IN ('insert', 'update') OR (v.verdict = 'same' AND v.held IS NULL)) AND s.${stagedPosition(r)} IS NOT NULL`
  const keys = list(r.key.map((k) => ident(k.target)))
  return [
    sql`UPDATE p SET ${sidePosition(r)} = q.${stagedPosition(r)}
FROM ${side} AS p JOIN (SELECT s.* ${taken}) AS q ON ${keyEquals(r, targetKey(r, 'p'), targetKey(r, 'q'))}`,
    sql`INSERT INTO ${side} (${keys}, ${sidePosition(r)})
SELECT ${list(r.key.map((k) => ident('q', k.target)))}, q.${stagedPosition(r)}
FROM (SELECT s.* ${taken}) AS q
WHERE NOT EXISTS (SELECT 1 FROM ${side} AS p WHERE ${keyEquals(r, targetKey(r, 'p'), targetKey(r, 'q'))})`,
  ]
}
