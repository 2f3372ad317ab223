/** Files: Parquet and CSV in a folder, read by DuckDB. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { AppError } from '../../runtime/app-error.ts'
import type { ConnectionTarget, DialectModule } from '../contract.ts'
import { arrivingEnd } from '../duckdb/arriving-end.ts'
import { openBenchFrom } from '../duckdb/bench.ts'
import { openDuckdbDeparture } from '../duckdb/departure.ts'
import { classify, translate } from '../duckdb/errors.ts'
import { abilities } from './abilities.ts'
import { attachedEnd } from '../duckdb/source-end.ts'
import { attachedTarget } from '../duckdb/target-end.ts'
import { duckdb } from '../duckdb/index.ts'
import { ownTables, prepareSql, prepareTarget } from '../duckdb/prepare.ts'
import { recall } from '../duckdb/recall.ts'
import { filesEnd } from './files-end.ts'
import { folderTarget, parquetFilesOf, sidecarPath } from './folder-target.ts'

const locate: DialectModule['locate'] = (options, projectDir) => {
  const path = options['path']
  if (typeof path !== 'string' || path === '') throw new AppError('TM1011', 'a files connection needs path: FOLDER')
  return resolve(projectDir, path)
}

/** Where a folder's fence and markers are. */
const sidecarOf = (target: ConnectionTarget): ConnectionTarget => ({
  ...target,
  options: { path: sidecarPath(String(target.options['path'])) },
})

const recallFolder: DialectModule['recall'] = async (target, tables, limits) => {
  const memory = await recall(sidecarOf(target), [], limits)
  const folder = String(target.options['path'])
  return (
    memory && {
      ...memory,
      tables: tables.map((table) => (parquetFilesOf(folder, table).length === 0 ? 'missing' : 'filled')),
    }
  )
}

const SEES: ReadonlySet<string> = new Set(['duckdb', 'files'])

/** `12 Parquet files, 3 CSV files, 240 MiB`, of the folder and everything below it. */
function contents(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((f) => f.isFile())
  const of = (pattern: RegExp): typeof files => files.filter((f) => pattern.test(f.name))
  const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`
  const [parquet, csv] = [of(/\.parquet$/i), of(/\.(csv|tsv)(\.gz|\.zst)?$/i)]
  const bytes = [...parquet, ...csv].reduce((n, f) => n + statSync(resolve(f.parentPath, f.name)).size, 0)
  return `${counted(parquet.length, 'Parquet file')}, ${counted(csv.length, 'CSV file')}, ${Math.ceil(bytes / 1_048_576)} MiB`
}

const KIND = 'files'
const isFolder = ({ kind }: ConnectionTarget): boolean => kind === KIND

export const files = {
  kind: KIND,
  abilities,
  locate,
  sees: (other) => SEES.has(other),
  openBench: (options) =>
    openBenchFrom(
      options,
      isFolder(options.source) ? filesEnd : attachedEnd,
      isFolder(options.target) ? folderTarget : attachedTarget,
    ),
  openDeparture: (options) => openDuckdbDeparture(options, filesEnd),
  openArrival: (options, from) => openBenchFrom(options, arrivingEnd(from), folderTarget),
  probe: async ({ options }) => {
    const folder = String(options['path'])
    if (!existsSync(folder)) throw new AppError('TM2001', `${folder} does not exist`)
    if (!statSync(folder).isDirectory()) throw new AppError('TM2001', `${folder} is no folder`)
    return contents(folder)
  },
  survey: () => Promise.reject(new AppError('TM1017', 'discover in a folder of files')),
  recall: recallFolder,
  prepareTarget: (target, limits) => prepareTarget(sidecarOf(target), limits),
  ownTables,
  prepareSql,
  version: duckdb.version,
  classify,
  translate,
} satisfies DialectModule
