/** What must not land: looked at within the batch's transaction, before anything of the batch is written. */
import type { ColumnRef, TableName } from '@tidemark/contract/flow'
import { serverError, type SqlServerSession } from '../../drivers/sqlserver.ts'
import { AppError } from '../../runtime/app-error.ts'
import { type FlowRelation, landingTable } from '../contract.ts'
import { changedTypes } from '../relational/changed-types.ts'
import { type Catalogs, sourceAs, targetAs } from '../relational/names.ts'
import { sourceColumns } from '../source-columns.ts'
import { ident, joined, type Sql, sql } from '../sql-text.ts'
import { translate } from './errors.ts'
import { typesIn } from './introspect.ts'
import type { Place } from './names.ts'
import { tsql } from './style.ts'

/** Where tables are that are named without it. */
export interface Places {
  readonly source: Place
  readonly target: Place
}

const tableOf = (r: FlowRelation, { table }: ColumnRef): TableName =>
  r.source.joins.find((j) => j.as === table)?.table ?? r.source.table

/**
 * That types are as they were planned. The catalog says it, once, and again when the server describes the columns otherwise
 * than it did then: a description costs next to nothing, and the catalog of a large database does.
 */
export class TypesAsPlanned {
  readonly #found = new Set<string>()

  /** `of`: where another engine has one of the two. TM4108. */
  async refuseOthers(
    session: SqlServerSession,
    c: Catalogs,
    r: FlowRelation,
    at: Places,
    where: string,
    of: 'both' | 'source' | 'target' = 'both',
  ): Promise<void> {
    const planned = JSON.stringify([of, sourceColumns(r), r.columns.map((x) => [x.target, x.targetType])])
    let shape: string
    try {
      shape = await session.shape(tsql(describing(c, r, of)))
    } catch (error) {
      // a column or a table that is gone is told by the catalog
      if (serverError(error) !== undefined) await refuseChangedTypes(session, r, at, where, of)
      throw translate(error, where, 'TM4019', session.discreet)
    }
    if (this.#found.has(planned + shape)) return
    await refuseChangedTypes(session, r, at, where, of)
    this.#found.add(planned + shape)
  }
}

/** No rows of the columns, table by table. */
function describing(c: Catalogs, r: FlowRelation, of: 'both' | 'source' | 'target'): Sql {
  const noRows = (columns: Iterable<string>, from: Sql): Sql =>
    sql`SELECT TOP (0) ${joined(
      [...columns].map((name) => ident(name)),
      ', ',
    )} FROM ${from}`
  const ofSource = Map.groupBy(sourceColumns(r), ({ ref }) => ref.table)
  const tableOf = (alias: string | null): TableName =>
    r.source.joins.find((j) => j.as === alias)?.table ?? r.source.table
  return joined(
    [
      ...(of === 'target'
        ? []
        : [...ofSource].map(([alias, columns]) =>
            noRows(new Set(columns.map(({ ref }) => ref.column)), sourceAs(c, tableOf(alias), sql`m`)),
          )),
      ...(of === 'source'
        ? []
        : [
            noRows(
              r.columns.map((x) => x.target),
              targetAs(c, landingTable(r), sql`t`),
            ),
          ]),
    ],
    '\n',
  )
}

async function refuseChangedTypes(
  session: SqlServerSession,
  r: FlowRelation,
  at: Places,
  where: string,
  of: 'both' | 'source' | 'target',
): Promise<void> {
  const now: (string | undefined)[] = []
  if (of !== 'target') {
    const tables = new Map<TableName, ReadonlyMap<string, string>>()
    for (const table of [r.source.table, ...r.source.joins.map((j) => j.table)])
      tables.set(table, await typesIn(session, table, at.source, where))
    now.push(...sourceColumns(r).map(({ ref }) => tables.get(tableOf(r, ref))?.get(ref.column)))
  }
  if (of !== 'source') {
    const types = await typesIn(session, landingTable(r), at.target, where)
    now.push(...r.columns.map((x) => types.get(x.target)))
  }
  const changed = changedTypes(r, now, of)
  if (changed.length > 0) throw new AppError('TM4108', `since this run was planned: ${changed.join('; ')}`)
}
