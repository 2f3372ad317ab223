/** An image whose rows may leave for another engine. */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { newShortId } from '../../runtime/new-id.ts'
import type { EngineLimits } from '../contract.ts'
import type { ImageFile } from '../image-file.ts'
import { ident, joined, sql } from '../sql-text.ts'
import { leavingValue, writeCsv } from './departing.sql.ts'
import { sendFile } from './departure.ts'
import { Desk } from './desk.ts'
import { translate } from './errors.ts'
import { type ImageColumn, imageValue, readImage } from './image.sql.ts'
import { logicalTypeOf } from './types.ts'

const NAME_LENGTH = 12

export const leavingImage = (path: string, columns: readonly ImageColumn[], limits: EngineLimits): ImageFile => ({
  path,
  limits,
  columns,
  logicalTypeOf,
  leave: async () => {
    const file = join(limits.tempDir, `image-${newShortId(NAME_LENGTH)}.csv`)
    const remove = (): void => rmSync(file, { force: true })
    const values = columns.map(
      (column) => sql`${leavingValue(column.type, imageValue('i', column))} AS ${ident(column.name)}`,
    )
    mkdirSync(limits.tempDir, { recursive: true })
    try {
      await using desk = await Desk.open('a snapshot that is restored', limits)
      using _room = await desk.room(columns.length)
      await desk.exec(writeCsv(sql`SELECT ${joined(values, ', ')} FROM ${readImage(path)} AS i`, file, columns.length))
    } catch (error) {
      remove()
      throw error
    }
    return { sendTo: (into) => sendFile(file, into), [Symbol.dispose]: remove }
  },
  translate: (error) => translate(error, path, 'TM4019'),
})
