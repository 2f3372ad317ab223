/** Fence, markers and settled markers made ahead of time, so that a run needs no right to create them. */
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { openDuckdbFile } from '../../drivers/duckdb.ts'
import type { DialectModule } from '../contract.ts'
import { textOf } from '../sql-text.ts'
import { translate } from './errors.ts'
import * as fence from './fence.sql.ts'
import { ownName } from '../relational/recall.sql.ts'
import { attachedTables } from './names.ts'
import { exec, query } from './run-sql.ts'

export const ownTables: DialectModule['ownTables'] = fence.FENCE_TABLES.map(ownName)

export const prepareSql: DialectModule['prepareSql'] = () =>
  fence.createFence(null, fence.FENCE_TABLES).map((statement) => `${textOf(statement)};`)

export const prepareTarget: DialectModule['prepareTarget'] = async ({ options }, limits) => {
  const path = String(options['path'])
  try {
    mkdirSync(dirname(path), { recursive: true })
    await using file = await openDuckdbFile(path, 'write', limits)
    using session = await file.session()
    const c = attachedTables(file.catalog)
    const there = new Set((await query(session, fence.listOwn(c), path)).map(([name]) => name))
    const missing = fence.FENCE_TABLES.filter((name) => !there.has(name))
    await session.begin()
    for (const statement of fence.createFence(c, missing)) await exec(session, statement, path)
    await session.commit()
    return missing.map(ownName)
  } catch (error) {
    throw translate(error, path)
  }
}
