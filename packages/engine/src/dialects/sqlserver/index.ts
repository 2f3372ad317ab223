/** SQL Server, 2016 and later, and Azure SQL. */
import type { DialectModule } from '../contract.ts'
import { abilities } from './abilities.ts'
import { openSqlServerArrival } from './arrival-bench.ts'
import { openSqlServerBench } from './bench.ts'
import { openSqlServerDeparture } from './departure.ts'
import { classify, translate } from './errors.ts'
import { ownTables, prepareSql, prepareTarget } from './prepare.ts'
import { probe } from './probe.ts'
import { recall } from './recall.ts'
import { connectionOf } from './session.ts'
import { openSqlServerSurvey } from './survey.ts'

/** kinds of connection whose rows one server can move by itself */
const SEES: ReadonlySet<string> = new Set(['sqlserver'])

export const sqlserver = {
  kind: 'sqlserver',
  abilities,
  locate: (options) => connectionOf(options).location,
  sees: (other) => SEES.has(other),
  openBench: async (options) =>
    (options.spools === true ? null : await openSqlServerBench(options)) ??
    (await openSqlServerArrival(options, await openSqlServerDeparture(options), true)),
  openDeparture: (options) => openSqlServerDeparture(options),
  openArrival: (options, from) => openSqlServerArrival(options, from, false),
  probe: ({ options }) => probe(options),
  survey: (options) => openSqlServerSurvey(options),
  recall,
  prepareTarget,
  ownTables,
  prepareSql,
  newTable: async (...of) => (await import('./new-table.ts')).newTable(...of),
  version: () => 'SQL Server, whichever the server is',
  classify,
  translate,
} satisfies DialectModule
