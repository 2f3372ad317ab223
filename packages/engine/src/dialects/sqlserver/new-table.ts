/** A table made of an image: the rows of a snapshot in one transaction, each column of a type that holds its values exactly. */
import type { TableName } from '@tidemark/contract/flow'
import { formatTableName } from '@tidemark/contract/table-name'
import { AppError } from '../../runtime/app-error.ts'
import { columnsAlone } from '../arrived-relation.ts'
import type { ConnectionTarget, FlowRelation } from '../contract.ts'
import { heldAbroad } from '../foreign-types.ts'
import type { ImageFile } from '../image-file.ts'
import { ident, joined, param, type Sql, sql } from '../sql-text.ts'
import { receiveFile } from './arriving.ts'
import { insertArrived } from './arriving.sql.ts'
import { catalogsOf, placeOf } from './catalogs.ts'
import { translate } from './errors.ts'
import { createSchema, listSchemas } from './fence.sql.ts'
import { databaseOf, LONGEST_NAME, schemaAndTable } from './names.ts'
import { senderOf } from './run-sql.ts'
import { connectionOf, inDatabase, openSession } from './session.ts'
import { definedAs, holderOf } from './types.ts'
import { workPlace } from './work-area.ts'

/** Throws TM6206 where there is one of that name, TM4107 where values of a column cannot be held. */
export async function newTable({ options }: ConnectionTarget, table: TableName, image: ImageFile): Promise<void> {
  const given = connectionOf(options, 'target')
  const connection = inDatabase(given, databaseOf(table, given.options.database))
  const where = connection.location
  const [schema, name] = schemaAndTable(table, placeOf(connection))
  for (const part of [schema, name])
    if (isTooLong(part))
      throw new AppError('TM1002', `${part} has more than ${LONGEST_NAME} characters, which ${where} has no room for`)
  const r = relationOf(table, image)
  const c = catalogsOf(connection, connection, workPlace(null), noSecret, null)
  await using session = await openSession(connection, 'target')
  const to = senderOf(session, where)
  if ((await to.query(isThere(schema, name))).length > 0)
    throw new AppError('TM6206', `the table ${formatTableName(table)} in ${where}`)
  // the server holds locks for as long as a transaction waits
  using rows = await image.leave()
  try {
    await session.begin()
    if ((await to.query(listSchemas([schema]))).length === 0) await to.exec(createSchema(schema))
    await to.exec(createTable(r, ident(schema, name)))
    const { columns } = await receiveFile(session, rows, r, { where, translate: (error) => image.translate(error) })
    await to.exec(insertArrived(c, r, columns))
    await session.commit()
  } catch (error) {
    throw translate(error, where)
  }
}

const noSecret = (): never => {
  throw new TypeError('nothing of a snapshot is masked again')
}

/** The image's rows, as they arrive. */
const relationOf = (table: TableName, image: ImageFile): FlowRelation =>
  columnsAlone(
    table,
    image.columns.map(({ name, type }) => ({ name, type: heldType(image, name, type) })),
  )

const createTable = (r: FlowRelation, name: Sql): Sql =>
  sql`CREATE TABLE ${name} (${joined(
    r.columns.map((x) => sql`${ident(x.target)} ${definedAs(x.targetType)} NULL`),
    ', ',
  )})`

/** Whatever it is: a name is free, or it is not. */
const isThere = (schema: string, name: string): Sql =>
  sql`SELECT 1 FROM sys.objects AS o JOIN sys.schemas AS n ON n.schema_id = o.schema_id WHERE n.name = ${param(schema)} AND o.name = ${param(name)}`

const isTooLong = (name: string): boolean => name.length > LONGEST_NAME

function heldType({ logicalTypeOf }: ImageFile, name: string, type: string): string {
  const held = heldAbroad(logicalTypeOf, type, holderOf)
  if (held.type !== null && !isTooLong(name)) return held.type
  const why = isTooLong(name) ? `its name has more than ${LONGEST_NAME} characters` : held.why
  throw new AppError('TM4107', `${name} of the snapshot is ${type}: ${why}`, {
    remedy: [
      'restore it to a .parquet file in the folder of a files connection, and run a flow with a cast from there',
    ],
  })
}
