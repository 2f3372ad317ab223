/** Rows leaving a PostgreSQL database by COPY, batch by batch, all under one snapshot. */
import { Readable } from 'node:stream'
import type { PostgresSession } from '../../drivers/postgres.ts'
import { AppError } from '../../runtime/app-error.ts'
import { carriedPosition } from '../arrived-relation.ts'
import type { CapturedBatch, FlowRelation, OpenBench, Selection } from '../contract.ts'
import type { Departure, Wire } from '../departure.ts'
import { fromSource } from '../relational/capture.sql.ts'
import { clearValue, landingValue } from '../relational/columns.sql.ts'
import { type Catalogs, column } from '../relational/names.ts'
import { ident, joined, type Sql, sql } from '../sql-text.ts'
import { copyOutText, inlined, setSecrets } from './copy-text.ts'
import { placesOf, type RangeSource, taken } from './cut-ranges.ts'
import { translate } from './errors.ts'
import { describeTable } from './introspect.ts'
import { sourceNames, targetNames } from './names.ts'
import { RangeArea } from './range-area.ts'
import { connectionOf, openSession, type PostgresConnection } from './session.ts'
import { SharedSnapshot } from './shared-snapshot.ts'
import { PostgresSource } from './source.ts'
import { inRange } from './split-range.sql.ts'
import { postgresKit } from './sql-kit.ts'
import { lookAtStorage, type StoredTable } from './stored-table.ts'

const MAX_AGE_MS = 60 * 60_000

export async function openPostgresDeparture(options: OpenBench): Promise<Departure> {
  await using opening = new AsyncDisposableStack()
  const connection = connectionOf(options.source.options)
  const session = opening.use(await openSession(connection, 'source'))
  session.discreet = options.discreet ?? false
  const departure = new PostgresDeparture(session, connection, options)
  opening.use(departure)
  return departure.keeping(opening.move())
}

class PostgresDeparture implements Departure {
  readonly kind = 'postgres'
  readonly wires: readonly Wire[] = ['pgcopy', 'csv']
  readonly source: PostgresSource
  readonly work: RangeArea
  readonly #session: PostgresSession
  readonly #connection: PostgresConnection
  readonly #catalogs: Catalogs
  readonly #discreet: boolean
  readonly #maxAgeMs: number
  readonly #stored = new Map<string, Promise<StoredTable>>()
  #snapshot: Promise<SharedSnapshot> | null = null
  #opened: AsyncDisposable | null = null
}
