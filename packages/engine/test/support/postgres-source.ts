/** A source of a test's own database, and the windows that it gives. */
import { type OpenSource, openPostgresSource } from '../../src/dialects/postgres/open-source.ts'
import { connectionOf } from '../../src/dialects/postgres/session.ts'
import type { Bounds, Moment } from '../../src/dialects/bounds.ts'
import type { PlannedPosition } from '../../src/dialects/contract.ts'
import { Secret } from '../../src/runtime/secret.ts'
import type { TestDatabase } from './postgres-database.ts'

export const TABLE = ['src']

export const positionOf = (type: string, over: Partial<PlannedPosition> = {}): PlannedPosition => ({
  ref: { table: null, column: 'at' },
  type,
  clock: 'utc',
  zone: null,
  targetColumn: null,
  ...over,
})

export const INSTANT = positionOf('timestamp with time zone')
export const SERIAL = positionOf('bigint', { clock: 'number', ref: { table: null, column: 'id' } })
export const XID = positionOf('xid8', { clock: 'xid', ref: { table: null, column: 'x' } })

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

  static async open(db: TestDatabase, options: Readonly<Record<string, unknown>> = {}): Promise<Windows> {
    const holder: { windows: Windows | null } = { windows: null }
    const source = await openPostgresSource(
      connectionOf({ url: db.url, ...options }),
      () => new Secret('k'),
      async () => holder.windows?.between?.(),
    )
    holder.windows = new Windows(source)
    return holder.windows
  }

  /** Moment and bounds as a run asks for them; the look is kept as the ledger keeps it. */
  async next(position: PlannedPosition, watermark: string | null = null, buffer = 0n): Promise<Window> {
    const moment = await this.source.port.moment(position, TABLE)
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
