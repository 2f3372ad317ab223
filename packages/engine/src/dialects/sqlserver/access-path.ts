/** By which index the rows of a selection are read in parts. */
import type { FlowRelation } from '../contract.ts'
import type { IndexedTable } from './indexed-table.ts'

/** How a selection is read in parts. */
export interface AccessPath {
  readonly by: 'position' | 'key'
  /** a part of the order is found by an index; else each would read the whole table */
  readonly seeks: boolean
  /** an index has the rows in that very order */
  readonly ordered: boolean
}

/** `windowed`: the selection is a window of the position, and nothing besides. */
export function accessPath(
  r: FlowRelation,
  windowed: boolean,
  main: IndexedTable,
  ofPosition: IndexedTable | null,
): AccessPath {
  const key = r.key.map((k) => k.source)
  const isMain = r.key.every((k) => k.origin.kind === 'main' && k.mask === null)
  const begins = (table: IndexedTable, columns: readonly string[]): boolean =>
    table.indexes.some((index) => columns.every((name, i) => index[i] === name))
  if (windowed && r.position !== null && ofPosition !== null && begins(ofPosition, [r.position.ref.column])) {
    const ordered = isMain && r.position.ref.table === null && begins(main, [r.position.ref.column, ...key])
    return { by: 'position', seeks: true, ordered: ordered && r.source.joins.length === 0 }
  }
  const seeks = isMain && begins(main, key.slice(0, 1))
  return { by: 'key', seeks, ordered: seeks && r.source.joins.length === 0 && begins(main, key) }
}
