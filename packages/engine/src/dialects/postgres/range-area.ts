/**
 * Which rows a run reads of a PostgreSQL source that another engine takes them from: ranges, cut under one exported
 * snapshot. Nothing is written in the source, and no key is remembered.
 *
 * The ranges follow the access path. Where the selection is found by an index on the position, it is cut in the order of
 * (position, key); such ranges mean the same under any snapshot. Where the whole table is read anyway, by its pages:
 * those hold under one snapshot only, so a run resumed under another reads the pages that were left, and then the row
 * versions that the former snapshot did not see, wherever they lie.
 */
import type {
  CapturedBatch,
  CapturedRanges,
  FlowRelation,
  RangesRequest,
  WindowBounds,
  RangeCapture,
} from '../contract.ts'
import { foundQuery, unmatchedQuery } from '../relational/capture.sql.ts'
import { fromSource, predicates } from '../relational/selection.sql.ts'
import { mainKey, sourceKeyJson } from '../relational/columns.sql.ts'
import { ofKeysAlone } from '../relational/selected.ts'
import { joined, type Sql, sql } from '../sql-text.ts'
import { query } from './run-sql.ts'
import { Cut, type RangeSource, taken } from './cut-ranges.ts'

const FALSE = sql`FALSE`

export class RangeArea implements RangeCapture {
  readonly capturesKeys = false
  readonly #from: RangeSource
  #relation: FlowRelation | null = null

  constructor(from: RangeSource) {
    this.#from = from
  }

  async ranges({ relation, selection, size, left }: RangesRequest): Promise<CapturedRanges> {
    this.#relation = relation
    const { catalogs: c } = this.#from
    const predicate = taken(c, relation, selection)
    const snapshot = await this.#from.snapshot(relation)
    const session = await snapshot.borrow()
    try {
      const cut = new Cut(session, this.#from, relation, selection, predicate, size)
      const check = await cut.checkKeys()
      const ranges = left === null ? await cut.anew(snapshot) : await cut.again(snapshot, left)
      const batches = ranges.map((part): CapturedBatch => ({ step: 1, wave: 1, first: 1n, ...part }))
      return { check, batches }
    } finally {
      await snapshot.giveBack(session, true)
    }
  }

  async unmatched(
    window: WindowBounds,
  ): Promise<readonly { readonly key: string; readonly alias: string; readonly position: string | null }[]> {
    const q = this.#relation && unmatchedQuery(this.#from.catalogs, this.#relation, window)
    if (!q || !this.#relation) return []
    return (await this.#query(this.#relation, q.text)).map(([key, position]) => ({
      key: key ?? '',
      alias: q.alias,
      position: position ?? null,
    }))
  }

  async found(unmatched: readonly string[]): Promise<readonly string[]> {
    const r = this.#relation
    const q = r && unmatched.length > 0 ? foundQuery(this.#from.catalogs, r, unmatched) : null
    return r === null || q === null ? [] : (await this.#query(r, q)).map(([key]) => key ?? '')
  }

  /** Those that the source has now: they are read with everything else. */
  async captured(keys: readonly string[]): Promise<readonly string[]> {
    const { catalogs: c } = this.#from
    const r = this.#relation
    if (r === null || keys.length === 0) return []
    const key = sourceKeyJson(c, r, mainKey(c, r))
    const all = predicates(c, r, ofKeysAlone(keys), false)
    const rows = await this.#query(
      r,
      sql`SELECT DISTINCT ${key} AS k FROM ${fromSource(c, r)} WHERE ${joined(all, ' OR ', FALSE)} ORDER BY k`,
    )
    return rows.map(([k]) => k ?? '')
  }

  async #query(r: FlowRelation, statement: Sql): Promise<readonly (readonly (string | null)[])[]> {
    const snapshot = await this.#from.snapshot(r)
    const session = await snapshot.borrow()
    try {
      return await query(session, statement, this.#from.location, 'TM4019')
    } finally {
      await snapshot.giveBack(session, true)
    }
  }
}
