/** What is said to the tables of snapshots in a target, which all databases have alike. */
import { HEADER_COLUMNS, HOT_ROW_COLUMNS, type HotHeader, type HotOwner } from '../hot-tables.ts'
import { ident, joined, param, type Sql, sql } from '../sql-text.ts'
import type { TargetNames } from './names.ts'

const names = (all: readonly string[]): Sql =>
  joined(
    all.map((name) => ident(name)),
    ', ',
  )

const HEADER = names(HEADER_COLUMNS)
const ROW = names(HOT_ROW_COLUMNS.map(({ name }) => name))

/** In the order in which a file brings them. */
export const ARRIVING_COLUMNS = ['store', 'flow', 'snapshot', ...HOT_ROW_COLUMNS.map(({ name }) => name)]

const isOf = ({ store, flow }: HotOwner): Sql => sql`store = ${param(store)} AND flow = ${param(flow)}`

const among = (ids: readonly string[]): Sql =>
  joined(
    ids.map((id) => param(id)),
    ', ',
  )

/** `takenAt`: as text of an instant, where the column's own is none. */
export const listHeaders = (c: TargetNames, of: HotOwner, takenAt = ident('taken_at')): Sql =>
  sql`SELECT ${joined(
    HEADER_COLUMNS.map((name) => (name === 'taken_at' ? takenAt : ident(name))),
    ', ',
  )} FROM ${c.own('snapshot')} WHERE ${isOf(of)} ORDER BY ${ident('number')}`

export const rowsOf = (c: TargetNames, of: HotOwner, id: string): Sql =>
  sql`SELECT ${ROW} FROM ${c.own('hot_row')} WHERE ${isOf(of)} AND snapshot = ${param(id)}`

/** `rows`: with the columns of a row. */
export const withOwner = ({ store, flow }: HotOwner, id: string, rows: Sql): Sql =>
  sql`SELECT ${param(store)}, ${param(flow)}, ${param(id)}, ${ROW} FROM ${rows} AS h`

export const insertRows = (c: TargetNames, of: HotOwner, id: string, rows: Sql): Sql =>
  sql`INSERT INTO ${c.own('hot_row')} (${names(ARRIVING_COLUMNS)}) ${withOwner(of, id, rows)}`

/** What a change says besides the rows that come. */
export function* hotStatements(
  c: TargetNames,
  of: HotOwner,
  { kept, gone, header }: { kept: readonly string[]; gone: readonly string[]; header: HotHeader | null },
): Generator<Sql> {
  if (gone.length > 0) {
    yield sql`DELETE FROM ${c.own('hot_row')} WHERE ${isOf(of)} AND snapshot IN (${among(gone)})`
    yield sql`DELETE FROM ${c.own('snapshot')} WHERE ${isOf(of)} AND id IN (${among(gone)})`
  }
  if (kept.length > 0)
    yield sql`UPDATE ${c.own('snapshot')} SET state = 'kept' WHERE ${isOf(of)} AND id IN (${among(kept)})`
  if (header !== null)
    yield sql`INSERT INTO ${c.own('snapshot')} (store, flow, ${HEADER}) VALUES (${param(of.store)}, ${param(of.flow)}, ${joined(
      HEADER_COLUMNS.map((name) => param(header[name])),
      ', ',
    )})`
}

/** What a person reads. */
export const hotView = (
  c: Pick<TargetNames, 'own'>,
): Sql => sql`SELECT r.store, r.flow, r.snapshot, r.${ident('key')}, r.row_hash, s.taken_at, s.scope, s.run, s.state
FROM ${c.own('hot_row')} AS r JOIN ${c.own('snapshot')} AS s ON s.store = r.store AND s.flow = r.flow AND s.id = r.snapshot`
