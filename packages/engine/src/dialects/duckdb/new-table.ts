/** A table made of an image: the rows of a snapshot, in the types that they were taken in. */
import type { TableName } from '@tidemark/contract/flow'
import { formatTableName } from '@tidemark/contract/table-name'
import { AppError } from '../../runtime/app-error.ts'
import type { ConnectionTarget } from '../contract.ts'
import type { ImageFile } from '../image-file.ts'
import { ident, joined, sql, textLiteral } from '../sql-text.ts'
import { Desk } from './desk.ts'
import { imageValue, readImage } from './image.sql.ts'
import { schemaAndTable } from './introspect.ts'
import { attachedTables } from './names.ts'
import { pathOf } from './open-file.ts'

/** Throws TM6206 where there is one of that name. */
export async function newTable({ options }: ConnectionTarget, table: TableName, image: ImageFile): Promise<void> {
  await using desk = await Desk.open('a snapshot that is restored', image.limits)
  const catalog = await desk.attach(pathOf(options), 'write')
  const [schema, name] = schemaAndTable(table)
  const there = await desk.count(
    sql`SELECT count(*) FROM information_schema.tables WHERE table_catalog = ${textLiteral(catalog)}
AND lower(table_schema) = lower(${textLiteral(schema)}) AND lower(table_name) = lower(${textLiteral(name)})`,
  )
  if (there > 0n) throw new AppError('TM6206', `the table ${formatTableName(table)} in ${pathOf(options)}`)
  using _room = await desk.room(image.columns.length)
  const values = image.columns.map((column) => sql`${imageValue('i', column)} AS ${ident(column.name)}`)
  await desk.inTransaction(async () => {
    await desk.exec(sql`CREATE SCHEMA IF NOT EXISTS ${ident(catalog, schema)}`)
    await desk.exec(
      sql`CREATE TABLE ${attachedTables(catalog).table(table)} AS SELECT ${joined(values, ', ')} FROM ${readImage(image.path)} AS i`,
    )
  })
}
