/** The end of a bench that rows come from: an attached DuckDB file here, a folder of files in `dialects/files`. */
import { existsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { TableName } from '@tidemark/contract/flow'
import { type DuckdbFile, type DuckdbSession, isSameFile } from '../../drivers/duckdb.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { FlowRelation, OpenBench } from '../contract.ts'
import type { Departure } from '../departure.ts'
import type { LaneFacts } from '../lanes.ts'
import { isTable } from './introspect.ts'
import type { SourceNames } from '../relational/names.ts'
import { attachedSource } from './names.ts'
import { openFile, pathOf } from './open-file.ts'
import { attachedFacts, type SourceFacts } from './source.ts'

export interface SourceEnd {
  readonly names: SourceNames
  /** for messages */
  readonly location: string
  /** what views over files beside it call their folder */
  readonly folder: string
  /** the database file that it is, resolved; null: it is none */
  readonly file: string | null
  /** a flow beside this one writes it */
  readonly filledBeside: boolean
  facts(session: DuckdbSession): SourceFacts
  /** rows come from another engine; null: this one reads them */
  readonly departure: Departure | null
  hasRowNumbers(session: DuckdbSession, table: TableName): Promise<boolean>
  lanes(relation: FlowRelation): LaneFacts
  /** Throws where what was looked at is not what is there now, and reading on would mix the two. */
  still(): void
  /** Bytes that a spool of so many rows may need, at the least. */
  spoolBytes(relation: FlowRelation, rows: bigint): bigint
}

export const RELAY = { possible: false, why: 'relay passes bytes between two servers of one kind, and here is none' }
export const IN_ONE_ENGINE = { possible: true, why: 'one engine sees both ends' }

/** Why rows cannot travel by a spool; null: they can. */
export function notBySpool(r: FlowRelation): string | null {
  if (r.tree !== null) return 'a tree is closed where it lies, with the ancestors that no window takes'
  if (r.steps.some((step) => step.queue !== null || step.batch !== null))
    return 'steps with SQL of their own read the tables of the source'
  if (r.position !== null && r.position.ref.table !== null)
    return 'the position is in a joined table, whose rows without a main row are looked up in the source again'
  return null
}

export const spoolLane = (r: FlowRelation, why: string): LaneFacts['spool'] => {
  const not = notBySpool(r)
  return { possible: not === null, why: not ?? why }
}

const BYTES_PER_VALUE = 2n

/** A source that a flow beside this one fills is open for both: one that is open for reading cannot be written. */
async function openSource(path: string, options: OpenBench): Promise<DuckdbFile> {
  if (options.mode === 'read' || !isFilledBeside(path, options)) return await openFile(path, 'read', options)
  try {
    return await openFile(path, 'write', options)
  } catch (error) {
    if (error instanceof AppError && error.facts['this_process'] === true) throw error
    return await openFile(path, 'read', options) // another process reads it, or nobody may write it: that flow's own error
  }
}

const isFilledBeside = (path: string, { beside = [] }: OpenBench): boolean =>
  beside.some((t) => isSameFile(pathOf(t.options), path))

/** An attached DuckDB file. */
export async function attachedEnd(options: OpenBench, opening: AsyncDisposableStack): Promise<SourceEnd> {
  const path = pathOf(options.source.options)
  if (!existsSync(path)) throw new AppError('TM2001', `${path} (connection ${options.source.id}) does not exist`)
  const filledBeside = isFilledBeside(path, options)
  const file = opening.use(await openSource(path, options))
  return {
    names: attachedSource(file.catalog),
    location: path,
    folder: dirname(file.path),
    file: file.path,
    filledBeside,
    departure: null,
    facts: (session) => attachedFacts(file, session),
    hasRowNumbers: (session, table) => isTable(file, session, table),
    lanes: (r) => ({ pushdown: IN_ONE_ENGINE, relay: RELAY, spool: spoolLane(r, 'one statement takes the rows out') }),
    still: () => {},
    spoolBytes: (r, rows) => rows * BYTES_PER_VALUE * BigInt(r.columns.length),
  }
}
