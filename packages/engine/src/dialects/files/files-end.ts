/** A folder of files as the end of a bench that rows come from. Parquet is read in place, CSV through the spool. */
import { statSync } from 'node:fs'
import type { TableName } from '@tidemark/contract/flow'
import { formatTableName } from '@tidemark/contract/table-name'
import type { DuckdbSession } from '../../drivers/duckdb.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { FlowRelation, OpenBench, SourceIdentity, TableFacts, WantedTypes } from '../contract.ts'
import type { LaneFacts } from '../lanes.ts'
import type { SourceNames } from '../relational/names.ts'
import type { SourceFacts } from '../duckdb/source.ts'
import { IN_ONE_ENGINE, RELAY, type SourceEnd, spoolLane } from '../duckdb/source-end.ts'
import { type CsvTable, lookAtCsv } from './csv-table.ts'
import { filesOptions } from './options.ts'
import { lookAtParquet, type ParquetTable } from './parquet-table.ts'
import { difference, filesOf, pathText, type PinnedTable, pinTable } from './pinned-files.ts'
import { parquetRowNumber, parquetSlice, readParquet } from './read-files.sql.ts'

type KnownTable = PinnedTable & { readonly parquet: ParquetTable | null; readonly csv: CsvTable | null }

const CSV_BY_PLACE = 'a CSV file has no row numbers to read batches by'

/** What a spool takes of each byte of a file, at the least; a compressed one unpacks. */
const spoolShare = (path: string): bigint => (/\.(gz|zst)$/i.test(path) ? 3n : 1n)

export function filesEnd(options: OpenBench): Promise<SourceEnd> {
  const o = filesOptions(options.source.options)
  if (!statSync(o.folder, { throwIfNoEntry: false })?.isDirectory())
    throw new AppError('TM2001', `${o.folder} (connection ${options.source.id}) is no folder`)
  /** as they were when they were looked at: everything is read from these */
  const known = new Map<string, KnownTable>()
  const lookedAt = (table: TableName): KnownTable => {
    const found = known.get(pathText(table))
    if (!found) throw new TypeError(`${formatTableName(table)} was not looked at`)
    return found
  }

  const describe = async (
    session: DuckdbSession,
    table: TableName,
    wanted: WantedTypes | null,
  ): Promise<TableFacts> => {
    const pinned = pinTable(o, table)
    const parquet = pinned.format === 'parquet' ? await lookAtParquet(session, pinned) : null
    const csv = parquet === null ? await lookAtCsv(session, pinned, o.csv, wanted) : null
    known.set(pathText(table), { ...pinned, parquet, csv })
    return {
      table,
      columns: parquet?.columns ?? csv?.columns ?? [],
      uniqueKeys: [],
      estimatedRows: parquet?.rows.reduce((n, rows) => n + rows, 0n) ?? null,
    }
  }

  const facts = (session: DuckdbSession): SourceFacts => ({
    describe: (table, wanted) => describe(session, table, wanted),
    identity: () => folderIdentity(o.folder),
    fingerprint: () =>
      [...known.values()]
        .sort((a, b) => (a.text < b.text ? -1 : 1))
        .flatMap((t) => filesOf(o, t.text).map((f) => `${f.path}:${f.state}`))
        .join('|'),
    oldestOpenOf: () => Promise.resolve(() => null),
    explain: async (error) => {
      for (const { csv } of known.values()) {
        const why = await csv?.explain(session)
        if (why) return new AppError(why.code, why.detail, { cause: error })
      }
      return error
    },
  })

  const names: SourceNames = {
    averageBytes: (table) => lookedAt(table).parquet?.averageBytes ?? null,
    table: (table) => {
      const { csv, files } = lookedAt(table)
      return csv?.from ?? readParquet(files)
    },
    rowNumber: (table, alias) => parquetRowNumber(lookedAt(table).files, alias),
    slice: (table, alias, first, last) => {
      const { files, parquet } = lookedAt(table)
      return parquetSlice(files, parquet?.rows ?? [], alias, first, last)
    },
  }

  return Promise.resolve({
    names,
    location: o.folder,
    folder: o.folder,
    file: null,
    filledBeside: false,
    departure: null,
    facts,
    hasRowNumbers: (_, table) => Promise.resolve(lookedAt(table).parquet !== null),
    lanes: (r) =>
      lanesOf(
        r,
        [r.source.table, ...r.source.joins.map((j) => j.table)].some((t) => lookedAt(t).csv !== null),
      ),
    still: () => {
      for (const { text, files } of known.values()) {
        const what = difference(files, filesOf(o, text))
        if (what !== null) throw new AppError('TM2010', what)
      }
    },
    spoolBytes: (r, rows) => {
      const { parquet, files } = lookedAt(r.source.table)
      if (parquet !== null) return (rows * parquet.averageBytes) / 4n
      return files.reduce((n, f) => n + (f.size * spoolShare(f.path)) / 2n, 0n)
    },
  })
}

const lanesOf = (r: FlowRelation, hasCsv: boolean): LaneFacts => ({
  pushdown: hasCsv ? { possible: false, why: CSV_BY_PLACE } : IN_ONE_ENGINE,
  relay: RELAY,
  spool: spoolLane(r, hasCsv ? CSV_BY_PLACE : 'one statement takes the rows out'),
})

/** The folder, whatever files come and go in it. */
function folderIdentity(folder: string): SourceIdentity {
  const s = statSync(folder, { bigint: true })
  return { system: `files:${s.ino}-${s.birthtimeNs}`, timeline: null }
}
