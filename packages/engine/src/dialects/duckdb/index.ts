/** DuckDB: the embedded default. */
import { resolve } from 'node:path'
import { existsSync } from 'node:fs'
import { duckdbVersion, openDuckdbFile } from '../../drivers/duckdb.ts'
import { AppError } from '../../runtime/app-error.ts'
import type { DialectModule } from '../contract.ts'
import { abilities } from './abilities.ts'
import { arrivingEnd } from './arriving-end.ts'
import { openBenchFrom, openDuckdbBench } from './bench.ts'
import { openDuckdbDeparture } from './departure.ts'
import { classify, translate } from './errors.ts'
import { openDuckdbSurvey } from './survey.ts'
import { ownTables, prepareSql, prepareTarget } from './prepare.ts'
import { recall } from './recall.ts'
import { attachedEnd } from './source-end.ts'
import { attachedTarget } from './target-end.ts'

const locate: DialectModule['locate'] = (options, projectDir) => {
  const path = options['path']
  if (typeof path !== 'string' || path === '') throw new AppError('TM1011', 'a duckdb connection needs path: FILE')
  return resolve(projectDir, path)
}

const counted = (n: string | null | undefined, what: string): string => `${n} ${what}${n === '1' ? '' : 's'}`

/** kinds of connection that one DuckDB instance can attach */
const SEES: ReadonlySet<string> = new Set(['duckdb'])

export const duckdb = {
  kind: 'duckdb',
  abilities,
  locate,
  sees: (other) => SEES.has(other),
  openBench: (options) => openDuckdbBench(options),
  openDeparture: (options) => openDuckdbDeparture(options, attachedEnd),
  openArrival: (options, from) => openBenchFrom(options, arrivingEnd(from), attachedTarget),
  probe: async ({ options }, limits) => {
    const path = String(options['path'])
    if (!existsSync(path)) throw new AppError('TM2001', `${path} does not exist`)
    try {
      await using file = await openDuckdbFile(path, 'read', limits)
      using session = await file.session()
      const tables = 'SELECT count(*) FROM duckdb_tables() WHERE database_name = ?1'
      const views = 'SELECT count(*) FROM duckdb_views() WHERE database_name = ?1 AND NOT internal'
      const [row] = await session.rows(`SELECT (${tables}), (${views}), version()`, [file.catalog])
      return `${counted(row?.[0], 'table')}, ${counted(row?.[1], 'view')}, DuckDB ${row?.[2]}`
    } catch (error) {
      throw translate(error, path)
    }
  },
  survey: openDuckdbSurvey,
  recall,
  prepareTarget,
  ownTables,
  prepareSql,
  newTable: async (...of) => (await import('./new-table.ts')).newTable(...of),
  version: () => `DuckDB ${duckdbVersion()}`,
  classify,
  translate,
} satisfies DialectModule
