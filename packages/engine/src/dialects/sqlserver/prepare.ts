/** Fence, markers and settled markers made ahead of time, so that a run needs no right to create them. */
import type { DialectModule } from '../contract.ts'
import { OWN_TABLES, ownName } from '../relational/recall.sql.ts'
import { translate } from './errors.ts'
import { createOwn, createSchema, listSchemas, listTables, WORK_SCHEMA } from './fence.sql.ts'
import { OWN_SCHEMA } from './names.ts'
import { senderOf } from './run-sql.ts'
import { connectionOf, openSession } from './session.ts'
import { tsql } from './style.ts'

export const ownTables: DialectModule['ownTables'] = OWN_TABLES.map(ownName)

/** Safe to run twice; each is a batch of its own. */
export const prepareSql: DialectModule['prepareSql'] = () =>
  [createSchema(OWN_SCHEMA), ...OWN_TABLES.map(createOwn), createSchema(WORK_SCHEMA)].map(
    (statement) => `${tsql(statement)};\nGO`,
  )

export const prepareTarget: DialectModule['prepareTarget'] = async ({ options }) => {
  const connection = connectionOf(options, 'target')
  await using session = await openSession(connection, 'target')
  const to = senderOf(session, connection.location)
  try {
    await session.begin()
    const there = new Set((await to.query(listTables(OWN_SCHEMA))).map(([name]) => name))
    const schemas = new Set((await to.query(listSchemas([OWN_SCHEMA, WORK_SCHEMA]))).map(([name]) => name))
    for (const name of [OWN_SCHEMA, WORK_SCHEMA]) if (!schemas.has(name)) await to.exec(createSchema(name))
    const missing = OWN_TABLES.filter((name) => !there.has(name))
    for (const name of missing) await to.exec(createOwn(name))
    await session.commit()
    return missing.map(ownName)
  } catch (error) {
    throw translate(error, connection.location)
  }
}
