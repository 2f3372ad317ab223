/** Every column of the source that a relation's statements name, with the type that it was planned for. */
import type { ColumnRef } from '@tidemark/contract/flow'
import type { FlowRelation } from './contract.ts'

export interface SourceColumn {
  readonly ref: ColumnRef
  /** null: only that it is there matters */
  readonly type: string | null
}

const main = (column: string): ColumnRef => ({ table: null, column })

export function sourceColumns(r: FlowRelation): readonly SourceColumn[] {
  const all: SourceColumn[] = [
    ...r.columns.flatMap(({ origin, source, sourceType }) =>
      origin.kind === 'value'
        ? []
        : [{ ref: origin.kind === 'main' ? main(source) : { table: origin.alias, column: source }, type: sourceType }],
    ),
    ...(r.position === null ? [] : [{ ref: r.position.ref, type: r.position.type }]),
    ...(r.tree === null ? [] : [{ ref: main(r.tree.parent.source), type: r.tree.parent.sourceType }]),
    ...r.where.map(({ spec, type }) => ({ ref: spec.column, type })),
    ...r.scope.map(({ column, type }) => ({ ref: column, type })),
    ...r.excludeKeys.map(({ column, type }) => ({ ref: main(column), type })),
    ...r.source.joins.flatMap(({ as, on }) =>
      Object.entries(on).flatMap(([own, other]) => [
        { ref: main(own), type: null },
        { ref: { table: as, column: other }, type: null },
      ]),
    ),
  ]
  const seen = new Set<string>()
  return all.filter(({ ref }) => {
    const name = JSON.stringify([ref.table, ref.column])
    return !seen.has(name) && seen.add(name)
  })
}
