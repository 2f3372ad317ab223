/**
 * Which rows a run reads of a SQL Server source that another engine takes them from: ranges of (position, key) or of the key,
 * along an index. They mean the same whenever they are read, so nothing is written in the source, no key is remembered, and
 * a run that is resumed reads what was left of them.
 */
import type {
  CapturedBatch,
  CapturedRanges,
  FlowRelation,
  RangeCapture,
  RangesRequest,
  UnmatchedRow,
  WindowBounds,
} from '../contract.ts'
import { mainKey, sourceKeyJson } from '../relational/columns.sql.ts'
import { ofKeysAlone } from '../relational/selected.ts'
import { fromSource, predicates } from '../relational/selection.sql.ts'
import { sql } from '../sql-text.ts'
import { foundQuery, unmatchedQuery } from './capture.sql.ts'
import { Cut, type RangeSource } from './cut-ranges.ts'
import { takenBy } from './split-range.sql.ts'

export class RangeArea implements RangeCapture<false> {
  readonly capturesKeys = false
  readonly #from: RangeSource
  #relation: FlowRelation | null = null

  constructor(from: RangeSource) {
    this.#from = from
  }

  async ranges({ relation, selection, size, left }: RangesRequest): Promise<CapturedRanges> {
    this.#relation = relation
    const cut = new Cut(this.#from, { relation, selection, size })
    const check = await cut.checkKeys()
    if (left !== null) return { check, batches: left.map((part) => ({ ...part, step: 1, wave: 1 })) }
    const batches = (await cut.anew()).map((part): CapturedBatch => ({ step: 1, wave: 1, first: 1n, ...part }))
    return { check, batches }
  }

  async unmatched(window: WindowBounds): Promise<readonly UnmatchedRow[]> {
    const r = this.#relation
    const asked = r && unmatchedQuery(this.#from.catalogs, r, window)
    if (r === null || asked === null) return []
    const rows = await this.#from.query(r, asked.text)
    return rows.map(([key, position]) => ({ key: key ?? '', alias: asked.alias, position: position ?? null }))
  }

  async found(unmatched: readonly string[]): Promise<readonly string[]> {
    const r = this.#relation
    const asked = r && unmatched.length > 0 ? foundQuery(this.#from.catalogs, r, unmatched) : null
    return r === null || asked === null ? [] : (await this.#from.query(r, asked)).map(([key]) => key ?? '')
  }

  /** Those that the source has now: they are read with everything else. */
  async captured(keys: readonly string[]): Promise<readonly string[]> {
    const c = this.#from.catalogs
    const r = this.#relation
    if (r === null || keys.length === 0) return []
    const key = sourceKeyJson(c, r, mainKey(c, r))
    const all = predicates(c, r, ofKeysAlone(keys), false)
    const rows = await this.#from.query(
      r,
      sql`SELECT DISTINCT ${key} AS k FROM ${fromSource(c, r)} WHERE ${takenBy(all)} ORDER BY k`,
    )
    return rows.map(([k]) => k ?? '')
  }
}
