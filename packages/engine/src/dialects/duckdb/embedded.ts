/** What a bench of the embedded engine lends to a capture that takes all rows out itself. */
import { dirname } from 'node:path'
import { type DuckdbSession, PER_THREAD, reserveMemory } from '../../drivers/duckdb.ts'
import type { EmbeddedWork, FlowRelation, Selection } from '../contract.ts'
import { work } from '../relational/names.ts'
import { predicates } from '../relational/selection.sql.ts'
import type { TargetState } from '../relational/work-area.ts'
import type { Sql } from '../sql-text.ts'
import { translate } from './errors.ts'
import { copyImage } from './image.sql.ts'
import type { DuckdbCatalogs } from './names.ts'
import { refuseUnfit } from './refuse-batch.ts'
import { refuseNoRoom } from './refuse-no-room.ts'
import { senderOf } from './run-sql.ts'
import { markSpooled, spoolRows } from './spool.sql.ts'
import type { SpooledEnd } from './work-area.ts'

export class EmbeddedDuckdb implements EmbeddedWork {
  readonly #session: DuckdbSession
  readonly #catalogs: DuckdbCatalogs
  readonly #end: SpooledEnd
  readonly #targetOf: (relation: FlowRelation) => Promise<TargetState>

  constructor(
    session: DuckdbSession,
    catalogs: DuckdbCatalogs,
    end: SpooledEnd,
    targetOf: (relation: FlowRelation) => Promise<TargetState>,
  ) {
    this.#session = session
    this.#catalogs = catalogs
    this.#end = end
    this.#targetOf = targetOf
  }

  get spool(): Sql {
    return work(this.#catalogs, 'spool')
  }

  markSpooled(): Sql {
    return markSpooled(this.#catalogs)
  }

  async target(relation: FlowRelation): Promise<Sql | null> {
    const { target } = this.#catalogs
    return (await this.#targetOf(relation)) === 'missing' ? null : target.table(relation.target.table)
  }

  async takeOut(relation: FlowRelation, selection: Selection, rows: bigint, path: string): Promise<bigint> {
    const c = this.#catalogs
    refuseNoRoom(dirname(path), this.#end.spoolBytes(relation, rows) / 2n)
    const taken = predicates(c, relation, selection, (await this.#targetOf(relation)) !== 'missing')
    using _room = await reserveMemory(relation.columns.length, PER_THREAD.csvToParquet)
    const to = senderOf(this.#session, 'capture', 'TM4019')
    await this.#session.begin()
    try {
      await refuseUnfit(to, c, relation, spoolRows(c, relation, taken))
      const count = await to.exec(copyImage(c, relation, taken, path))
      this.#end.still()
      await this.#session.commit()
      return count
    } catch (error) {
      await this.#session.rollback()
      throw translate(await this.#end.explain(error), 'snapshot', 'TM4019')
    }
  }
}
