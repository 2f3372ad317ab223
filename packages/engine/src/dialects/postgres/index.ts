/** PostgreSQL, 14 to 18. */
import type { DialectModule } from '../contract.ts'
import { abilities } from './abilities.ts'
import { openPostgresArrival } from './arrival-bench.ts'
import { openPostgresBench } from './bench.ts'
import { openPostgresDeparture } from './departure.ts'
import { classify, translate } from './errors.ts'
import { ownTables, prepareSql, prepareTarget } from './prepare.ts'
import { recall } from './recall.ts'
import { probe } from './probe.ts'
import { connectionOf } from './session.ts'
import { openPostgresSurvey } from './survey.ts'

/** kinds of connection whose rows one server can move by itself */
const SEES: ReadonlySet<string> = new Set(['postgres'])

export const postgres = {
  kind: 'postgres',
  abilities,
  locate: (options) => connectionOf(options).location,
  sees: (other) => SEES.has(other),
  openBench: (options) => openPostgresBench(options),
  openDeparture: (options) => openPostgresDeparture(options),
  openArrival: (options, from) => openPostgresArrival(options, from),
  probe: ({ options }) => probe(options),
  survey: (options) => openPostgresSurvey(options),
  recall,
  prepareTarget,
  ownTables,
  prepareSql,
  newTable: async (...of) => (await import('./new-table.ts')).newTable(...of),
  version: () => 'PostgreSQL, whichever the server is',
  classify,
  translate,
} satisfies DialectModule
