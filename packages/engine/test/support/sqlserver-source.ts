/** A source of a test's own database, and the windows that it gives. */
import type { TestContext } from 'vitest'
import type { Bounds, Moment } from '../../src/dialects/bounds.ts'
import type { PlannedPosition } from '../../src/dialects/contract.ts'
import { type OpenSource, openSqlServerSource } from '../../src/dialects/sqlserver/open-source.ts'
import { connectionOf, settingsOf } from '../../src/dialects/sqlserver/session.ts'
import { SqlServerSession } from '../../src/drivers/sqlserver.ts'
import { Secret } from '../../src/runtime/secret.ts'
import type { SqlServerDatabase } from './sqlserver-database.ts'

export const TABLE = ['src']

export const positionOf = (type: string, over: Partial<PlannedPosition> = {}): PlannedPosition => ({
  ref: { table: null, column: 'at' },
  type,
  clock: 'utc',
  zone: null,
  targetColumn: null,
  ...over,
})

export const TIME = positionOf('datetime2(7)')
export const SERIAL = positionOf('bigint', { clock: 'number', ref: { table: null, column: 'id' } })
export const VERSION = positionOf('rowversion', { clock: 'rowversion', ref: { table: null, column: 'v' } })

export interface Window extends Bounds {
  readonly moment: Moment
  /** who holds back; null: nobody */
  readonly holder: string | null
}

export class Windows implements AsyncDisposable {
  readonly source: OpenSource
  /** what the ledger would keep */
  look: string | null = null
  between: (() => Promise<void>) | null = null

  private constructor(source: OpenSource) {
    this.source = source
  }

  static async open(db: SqlServerDatabase, options: Readonly<Record<string, unknown>> = {}): Promise<Windows> {
    const holder: { windows: Windows | null } = { windows: null }
    const source = await openSqlServerSource(
      connectionOf({ ...db.options, ...options }),
      () => new Secret('k'),
      [],
      async () => holder.windows?.between?.(),
    )
    holder.windows = new Windows(source)
    return holder.windows
  }

  /** Moment and bounds as a run asks for them; the look is kept as the ledger keeps it. */
  async next(
    position: PlannedPosition,
    watermark: string | null = null,
    buffer = 0n,
    table: readonly string[] = TABLE,
  ): Promise<Window> {
    const moment = await this.source.port.moment(position, table)
    const bounds = await this.source.port.bounds({ position, moment, buffer, watermark, earlierLook: this.look })
    const look = bounds.look === undefined ? moment.look : bounds.look
    if (look !== null) this.look = look
    const ceiling = bounds.ceiling === undefined ? moment.ceiling : bounds.ceiling
    return { ...bounds, moment, holder: ceiling?.heldBy ?? null }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.source[Symbol.asyncDispose]()
  }
}

/** A session of somebody else's in that database. */
export const otherSession = (db: SqlServerDatabase): Promise<SqlServerSession> =>
  SqlServerSession.connect(connectionOf(db.options, 'target').options, settingsOf('target'))

/** Another server of the protocol may have fewer digits of a second, and write its values with fewer zeros. */
export async function writesAllDigits(db: SqlServerDatabase): Promise<boolean> {
  const text = "CONVERT(nvarchar(27), CAST('2026-01-31 12:00:00.1234560' AS datetime2(7)), 121)"
  return (await db.rows(`SELECT ${text}`))[0]?.[0] === '2026-01-31 12:00:00.1234560'
}

/** Nobody waits for rows that are not committed. Before any other session; a server that cannot be told so does it anyway. */
export const readVersions = (db: SqlServerDatabase): Promise<void> =>
  db.exec(`ALTER DATABASE ${db.name} SET READ_COMMITTED_SNAPSHOT ON`).catch(() => undefined)

/** Skips what needs a server that shows its open transactions. The server is asked, not what is tested. */
export async function needShown(context: TestContext, db: SqlServerDatabase): Promise<void> {
  const seen = await db
    .rows('SELECT TOP (0) transaction_id FROM sys.dm_tran_active_transactions')
    .catch((error: unknown) => String(error))
  if (typeof seen === 'string') context.skip(`this server does not show the transactions of others: ${seen}`)
}

/** Skips what needs row versions. */
export async function needRowVersions(context: TestContext, db: SqlServerDatabase): Promise<void> {
  const has = await db.rows('SELECT MIN_ACTIVE_ROWVERSION()').catch((error: unknown) => String(error))
  if (typeof has === 'string') context.skip(`this server has no MIN_ACTIVE_ROWVERSION: ${has}`)
}
