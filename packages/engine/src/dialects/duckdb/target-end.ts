/** The end of a bench that rows go to: an attached DuckDB file here, a folder of files in `dialects/files`. */
import { existsSync } from 'node:fs'
import type { RowCounts } from '@tidemark/contract/row-counts'
import type { DuckdbFile, DuckdbSession } from '../../drivers/duckdb.ts'
import type { FlowRelation, OpenBench } from '../contract.ts'
import type { ForeignTypes } from '../foreign-types.ts'
import type { HotTables } from '../hot-tables.ts'
import type { Sql } from '../sql-text.ts'
import type { ApplyMode, Staging } from '../relational/apply.sql.ts'
import type { Catalogs } from '../relational/names.ts'
import type { Sender } from '../relational/sender.ts'
import { DuckdbHotTables } from './hot-tables.ts'
import type { DuckdbCatalogs } from './names.ts'
import { openFile, pathOf } from './open-file.ts'
import { DuckdbTarget } from './target.ts'
import type { DuckdbTransaction } from './transaction.ts'

/** How rows land where a database's own INSERT cannot write. */
export interface Landing {
  /** Has the target rows of that run alone? Then no row has to be looked up. */
  holdsOnly(run: string, r: FlowRelation): boolean
  /** rows that the target lacks, into a place that nobody reads before the commit; `own.fresh`: all of them */
  land(own: DuckdbTransaction, c: Catalogs, r: FlowRelation, staged: Staging): Promise<RowCounts>
  weigh(to: Pick<Sender, 'query'>, c: Catalogs, r: FlowRelation, staged: Staging): Promise<RowCounts>
  /** after the commit of its marker: the place becomes part of the table */
  committed(own: DuckdbTransaction, r: FlowRelation): Promise<void>
  statements(c: Catalogs, r: FlowRelation, kind: ApplyMode, staged: Staging): readonly Sql[]
}

export interface TargetEnd {
  /** with fence and markers; null: read mode, and it does not exist yet */
  readonly file: DuckdbFile | null
  /** the catalog of the tables; null: there is none yet */
  readonly catalog: string | null
  readonly location: string
  /** null: the database's own INSERT */
  readonly landing: Landing | null
  target(session: DuckdbSession, c: DuckdbCatalogs, foreign: ForeignTypes | null): DuckdbTarget
  /** null: snapshots are not kept there */
  hot(session: DuckdbSession, c: DuckdbCatalogs): HotTables | null
}

export type OpenTargetEnd = (options: OpenBench, opening: AsyncDisposableStack) => Promise<TargetEnd>

/** An attached DuckDB file. */
export async function attachedTarget(options: OpenBench, opening: AsyncDisposableStack): Promise<TargetEnd> {
  const path = pathOf(options.target.options)
  const made = options.mode === 'write' && !existsSync(path)
  const file =
    options.mode === 'write' || existsSync(path) ? opening.use(await openFile(path, options.mode, options)) : null
  if (made) file?.removeIfEmpty()
  return {
    file,
    catalog: file?.catalog ?? null,
    location: path,
    landing: null,
    target: (session, c, foreign) => new DuckdbTarget(file, session, c, path, foreign),
    hot: (session, c) => new DuckdbHotTables(file, session, c.target, path),
  }
}
