import { compare, differencesOf } from '../compare.ts'
import type { DemoDatabase } from '../demo-database.ts'
import { count, megabytes, type Narrator } from '../narrator.ts'

/** The last word: source and target, every key, every byte. How many differences. */
export async function comparison(database: DemoDatabase, narrator: Narrator): Promise<bigint> {
  narrator.act('Source and target compared')
  const c = await compare(database)
  narrator.text(
    `source ${count(c.source.rows)} rows, ${megabytes(c.source.bytes)} · target ${count(c.target.rows)} rows, ${megabytes(c.target.bytes)}`,
    'compared by key, and by SHA-256 of name, place, parent, times and content',
  )
  const differences = differencesOf(c)
  const found = `${count(c.missing)} missing, ${count(c.surplus)} surplus, ${count(c.different)} different, ${count(c.duplicates)} twice, ${count(c.parentless)} without their parent`
  if (differences === 0n) narrator.check(true, `0 differences: ${found}`, '')
  else narrator.fault(`${count(differences)} differences: ${found}`, `the first of them: ${c.examples.join(', ')}`)
  return differences
}
