/** A table made of an image: the rows of a snapshot by one COPY, each column of a type that holds its values exactly. */
import type { TableName } from '@tidemark/contract/flow'
import { formatTableName } from '@tidemark/contract/table-name'
import { AppError } from '../../runtime/app-error.ts'
import type { ConnectionTarget } from '../contract.ts'
import { LeavingFailed } from '../departure.ts'
import { heldAbroad } from '../foreign-types.ts'
import type { ImageFile } from '../image-file.ts'
import { typed } from '../relational/names.ts'
import { ident, joined, param, type Sql, sql, textOf } from '../sql-text.ts'
import { copyInText } from './copy-text.ts'
import { translate } from './errors.ts'
import { createSchema, listSchemas } from './fence.sql.ts'
import { LONGEST_NAME, schemaAndTable } from './names.ts'
import { senderOf } from './run-sql.ts'
import { connectionOf, openSession } from './session.ts'
import { holderOf } from './types.ts'

/** Throws TM6206 where there is one of that name, TM4107 where values of a column cannot be held. */
export async function newTable({ options }: ConnectionTarget, table: TableName, image: ImageFile): Promise<void> {
  const connection = connectionOf(options, 'target')
  const where = connection.location
  const columns = image.columns.map(({ name, type }) => ({ name, type: heldType(image, name, type) }))
  const [schema, name] = schemaAndTable(table, connection.schema)
  if (isCut(name))
    throw new AppError(
      'TM1002',
      `${name} has more than ${LONGEST_NAME} bytes, which is too long for a table of ${where}`,
    )
  await using session = await openSession(connection, 'target')
  const to = senderOf(session, where)
  if ((await to.count(isThere(schema, name))) > 0n)
    throw new AppError('TM6206', `the table ${formatTableName(table)} in ${where}`)
  // the server ends a transaction that waits for long
  using rows = await image.leave()
  try {
    await session.begin()
    if ((await to.query(listSchemas([schema]))).length === 0) await to.exec(createSchema(schema))
    const definitions = columns.map((column) => sql`${ident(column.name)} ${typed(column.type)}`)
    await to.exec(sql`CREATE TABLE ${ident(schema, name)} (${joined(definitions, ', ')})`)
    const names = columns.map((column) => column.name)
    await rows.sendTo(session.copyIn(copyInText(textOf(ident(schema, name)), names, 'csv')))
    await session.commit()
  } catch (error) {
    throw error instanceof LeavingFailed ? image.translate(error.cause) : translate(error, where)
  }
}

const isThere = (schema: string, name: string): Sql =>
  sql`SELECT count(*) FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ${param(schema)} AND c.relname = ${param(name)}`

/** By the server, without a word. */
const isCut = (name: string): boolean => Buffer.byteLength(name) > LONGEST_NAME

function heldType({ logicalTypeOf }: ImageFile, name: string, type: string): string {
  const held = heldAbroad(logicalTypeOf, type, holderOf)
  if (held.type !== null && !isCut(name)) return held.type
  const why = isCut(name) ? `its name has more than ${LONGEST_NAME} bytes` : held.why
  throw new AppError('TM4107', `${name} of the snapshot is ${type}: ${why}`, {
    remedy: [
      'restore it to a .parquet file in the folder of a files connection, and run a flow with a cast from there',
    ],
  })
}
