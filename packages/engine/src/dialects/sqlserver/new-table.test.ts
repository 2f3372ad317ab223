/** What of a snapshot has no room in a table of SQL Server is said before the server is asked. */
import { expect, test } from 'vitest'
import type { ConnectionTarget } from '../contract.ts'
import { logicalTypeOf } from '../duckdb/types.ts'
import type { ImageFile } from '../image-file.ts'
import { newTable } from './new-table.ts'

const NOWHERE = {
  id: 'b' as ConnectionTarget['id'],
  options: { host: 'nowhere.invalid', database: 'd', user: 'u', password: 'p' },
}
const imageOf = (name: string, type: string): ImageFile =>
  ({ columns: [{ name, type }], logicalTypeOf }) as unknown as ImageFile
const LONG = 'x'.repeat(129)

test.each([
  ['fine', 'TIMESTAMP_NS', 'a datetime2 has at most 7 digits of a second'],
  ['fine', 'TIME_NS', 'a time has at most 7 digits of a second'],
  ['huge', 'HUGEINT', 'HUGEINT is known to databases of its own kind alone'],
  ['long', 'INTERVAL', 'INTERVAL is known to databases of its own kind alone'],
  ['list', 'INTEGER[]', 'INTEGER[] is known to databases of its own kind alone'],
  [LONG, 'INTEGER', 'its name has more than 128 characters'],
])('a snapshot with a column %s of type %s is restored into no table of SQL Server', async (name, type, why) => {
  const refused = newTable(NOWHERE, ['t'], imageOf(name, type))
  await expect(refused).rejects.toMatchObject({ code: 'TM4107', detail: `${name} of the snapshot is ${type}: ${why}` })
})

test.each([[[LONG]], [[LONG, 't']]])('a name that SQL Server has no room for is none of a new table', async (table) => {
  await expect(newTable(NOWHERE, table, imageOf('id', 'INTEGER'))).rejects.toMatchObject({ code: 'TM1002' })
})

test('a table of a linked server is not made', async () => {
  const refused = newTable(NOWHERE, ['far', 'd', 'dbo', 't'], imageOf('id', 'INTEGER'))
  await expect(refused).rejects.toMatchObject({ code: 'TM4001' })
})
