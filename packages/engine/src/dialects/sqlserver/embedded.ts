/** What SQL Server does for a capture that takes all rows out by way of the embedded engine. */
import type { LoadRow, SqlServerSession } from '../../drivers/sqlserver.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { DuckdbDeparture } from '../duckdb/departure.ts'
import { ANY_TEXT, EmbeddedBeside, type TargetTypes } from '../duckdb/embedded-beside.ts'
import { HotBeside } from '../duckdb/hot-beside.ts'
import type { PlannedColumn } from '../planned-column.ts'
import { type Catalogs, targetTable } from '../relational/names.ts'
import { execAll } from '../relational/sender.ts'
import { catalogText } from '../sql-text.ts'
import { loadArrived } from './arriving.ts'
import { type ArrivedColumn, arrivedColumns, hasLong, stageArrived } from './arriving.sql.ts'
import { placeOf } from './catalogs.ts'
import { goneRelation, nextBatch, removeStaged } from './delete.sql.ts'
import { heldKeysText, writeHeldKeys } from './held-keys.ts'
import { hotInSqlServer } from './hot-tables.ts'
import { fractionOf } from './narrowing.ts'
import type { TypesAsPlanned } from './refuse-batch.ts'
import { senderOf } from './run-sql.ts'
import type { SqlServerConnection } from './session.ts'
import { printed } from './style.ts'
import type { SqlServerTarget } from './target.ts'
import { ours } from './transaction.ts'
import { findType } from './type-text.ts'
import { holderOf, logicalTypeOf } from './types.ts'

export interface SqlServerSide {
  readonly into: SqlServerConnection
  readonly session: SqlServerSession
  readonly catalogs: Catalogs
  readonly target: SqlServerTarget
  readonly types: TypesAsPlanned
  /** rows come from a SQL Server */
  readonly ofOurs: boolean
}

export function embeddedBesideSqlServer(spool: DuckdbDeparture, side: SqlServerSide): EmbeddedBeside {
  const { into, session, catalogs: c, target, types } = side
  const at = placeOf(into)
  // one of ours holds equal what the target does
  const exactly = !side.ofOurs
  return new EmbeddedBeside(spool, {
    location: target.location,
    types: typesFor(side.ofOurs),
    said: {
      bring: (r) => [heldKeysText(c, r, exactly)],
      remove: (r) => catalogText(printed(removeStaged(c, r, exactly))),
    },
    hot: (own) => new HotBeside(hotInSqlServer(side, spool), spool, own),
    isThere: async (r) => (await target.describe(r.target.table)) !== null,
    writeKeys: (r, path) => writeHeldKeys(into, c, r, exactly, path),
    nextVersion: (r, least) =>
      senderOf(session, target.location).count(nextBatch(targetTable(c, r.target.table), least)),
    remove: async (tx, r, keys) => {
      const own = ours(tx)
      await types.refuseOthers(own.session, c, r, { source: at, target: at }, target.location, 'target')
      const gone = goneRelation(r)
      const { columns, rows } = arrivedKeys(arrivedColumns(gone), keys)
      await loadArrived(own.session, columns, rows, target.location)
      await execAll(own, stageArrived(c, gone, columns, null))
      return await own.exec(removeStaged(c, r, exactly))
    },
  })
}

/** `keys`: a JSON array of arrays of texts, as they would arrive in a file. */
function arrivedKeys(
  columns: readonly ArrivedColumn[],
  keys: string,
): { readonly columns: readonly ArrivedColumn[]; readonly rows: readonly LoadRow[] } {
  const texts = JSON.parse(keys) as readonly (readonly string[])[]
  const valueOf = ({ kind }: ArrivedColumn, text: string): string | Buffer =>
    kind === 'bytes' ? Buffer.from(text.slice(2), 'hex') : text
  const inParts = hasLong(columns) ? [null] : []
  const rows = texts.map((key, i) => [
    ...columns.map((column, n) => valueOf(column, key[n] ?? '')),
    ...inParts,
    BigInt(i + 1),
  ])
  const fits = ({ room }: ArrivedColumn, n: number): boolean =>
    room === null || texts.every((key) => (key[n]?.length ?? 0) <= room)
  return {
    columns: columns.map((x, n) => ({ ...x, inParts: false, room: fits(x, n) ? x.room : null })),
    rows,
  }
}

/** digits of a second that the embedded engine's moments have */
const MOST_DIGITS = 6
const INSTANT = 'TIMESTAMP WITH TIME ZONE'

/** An instant without the offset that it was written with says less: as text it is what it was. */
const typesFor = (ofOurs: boolean): TargetTypes => ({
  logicalTypeOf: (type) => (findType(type)?.name === 'datetimeoffset' ? null : logicalTypeOf(type)),
  holderOf,
  // what is too long for it is found where it lands
  nameOfCast: (cast) => (/^nvarchar\(\d+\)$/.test(cast) ? 'nvarchar(max)' : cast),
  keyType: (x, comes) => keyType(x, comes, ofOurs),
})

function keyType({ target, sourceType, targetType }: PlannedColumn, comes: string | null, ofOurs: boolean): string {
  if (ofOurs && sourceType === targetType) return ANY_TEXT
  const type = findType(targetType)
  if (type?.name === 'datetimeoffset' && comes === INSTANT && fractionOf(type) <= MOST_DIGITS) return INSTANT
  throw new AppError(
    'TM4025',
    `the key ${target} is ${targetType}, in which a key of the source, ${sourceType}, is not found again`,
  )
}
