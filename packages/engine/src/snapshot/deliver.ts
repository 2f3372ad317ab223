/** Which rows of the image travel to the target: the spool that the run's batches read. */
import type { KeptPlan } from '../capture/capture-mode.ts'
import type { EmbeddedTables, EmbeddedWork } from '../dialects/embedded-work.ts'
import type { Desk } from '../dialects/duckdb/desk.ts'
import { type ImageColumn, imagePlace, imageValue, readImage } from '../dialects/duckdb/image.sql.ts'
import { duckdbKit } from '../dialects/duckdb/sql-kit.ts'
import { ident, joined, param, type Sql, sql } from '../dialects/sql-text.ts'
import { GONE } from './gone.sql.ts'
import { JUDGED } from './judge.sql.ts'

export interface Delivery {
  readonly run: KeptPlan
  readonly embedded: EmbeddedWork
  readonly image: string
  /** where new and changed rows were taken out of it already; null: they were not */
  readonly rows: Sql | null
  readonly columns: readonly ImageColumn[]
  readonly key: readonly ImageColumn[]
}

/** A key that the target lacks counts as new, whatever the snapshot before says. */
export async function findLacking(desk: Desk, { run, embedded, image, key }: Delivery): Promise<void> {
  if (!run.refills) return
  await desk.exec(lacking(await embedded.target(run.relation), image, key))
}

/** `target` null: it is missing. */
export function lacking(target: Sql | null, image: string, key: readonly ImageColumn[]): Sql {
  const equals = joined(
    key.map((column) => sql`${imageValue('i', column)} = ${ident('t', column.name)}`),
    ' AND ',
  )
  const isLacking =
    target === null
      ? sql`TRUE`
      : sql`place IN (SELECT ${imagePlace('i')} FROM ${readImage(image)} AS i ANTI JOIN ${target} AS t ON ${equals})`
  return sql`UPDATE ${JUDGED} SET kind = 'new' WHERE kind = 'unchanged' AND ${isLacking}`
}

/** New and changed rows, and those whose rejects are open. */
export async function deliver(desk: Desk, { embedded, ...delivery }: Delivery): Promise<void> {
  await desk.inTransaction(async () => {
    for (const statement of deliveryStatements(embedded, delivery)) await desk.exec(statement)
  })
}

export function deliveryStatements(
  tables: EmbeddedTables,
  { run, image, rows, columns, key }: Omit<Delivery, 'embedded'>,
): readonly Sql[] {
  const values = columns.map((column) => sql`${imageValue('i', column)} AS ${ident(column.name)}`)
  const { again } = run.selection
  const from = again.length === 0 && rows !== null ? rows : readImage(image)
  const named = duckdbKit.keyJson(key.map((column) => ({ type: column.type, x: imageValue('i', column) })))
  const looked =
    again.length === 0
      ? sql`FALSE`
      : sql`${named} IN (SELECT unnest(CAST(CAST(${param(JSON.stringify(again))} AS JSON) AS VARCHAR[])))`
  const taken = run.delivers
    ? sql`(${imagePlace('i')} IN (SELECT place FROM ${JUDGED} WHERE kind IN ('new', 'changed')) OR ${looked})`
    : sql`FALSE`
  return [
    ...(run.brake === null ? [] : [sql`CREATE OR REPLACE TABLE ${tables.gone} AS SELECT * FROM ${GONE}`]),
    sql`CREATE OR REPLACE TABLE ${tables.spool} AS SELECT ${joined(values, ', ')} FROM ${from} AS i WHERE ${taken}`,
    tables.markSpooled(),
  ]
}
