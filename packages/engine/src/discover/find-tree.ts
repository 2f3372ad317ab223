/** A table whose rows name a parent among themselves: declared, or to be seen in the rows. */
import type { SurveyedColumn, SurveyedTable, SurveyPort, TableLook } from '../dialects/survey.ts'
import { saysParent, wordsOf } from './name-words.ts'
import { type ProposedKey, type ProposedTree, rowsText } from './proposal.ts'

export async function findTree(
  port: Pick<SurveyPort, 'isUnique' | 'treeOf'>,
  table: SurveyedTable,
  key: ProposedKey | null,
  look: TableLook | null,
): Promise<ProposedTree | null> {
  const declared = table.references.find((r) => r.columns.length === 1 && r.table.join('\0') === table.table.join('\0'))
  if (declared) {
    const [parent = ''] = declared.columns
    const [locator = ''] = declared.referenced
    const tree = { locator, parent, reason: `${parent} references ${locator} of the same table` }
    if (look === null) return { ...tree, sure: true, reason: `${tree.reason}, not checked for cycles` }
    // what a unique constraint lets pass: without a locator a row has no place
    if ((look.columns.get(locator)?.nulls ?? 0n) > 0n)
      return { ...tree, sure: false, reason: `${tree.reason}, but some rows have no ${locator}` }
    const { unplaced } = await port.treeOf(table, locator, parent)
    if (unplaced === 0n) return { ...tree, sure: true }
    return { ...tree, sure: false, reason: `${tree.reason}, but ${rowsText(unplaced)} in or below a cycle` }
  }
  return look === null || look.rows === 0n ? null : guessedTree(port, table, key, look)
}

/** Never sure: that the values match today is no rule of the database. */
async function guessedTree(
  port: Pick<SurveyPort, 'isUnique' | 'treeOf'>,
  table: SurveyedTable,
  key: ProposedKey | null,
  look: TableLook,
): Promise<ProposedTree | null> {
  for (const parent of table.columns.filter((c) => c.identifies && saysParent(c.name)))
    for (const locator of locatorsFor(parent, table, key)) {
      if (look.columns.get(locator.name)?.nulls !== 0n) continue
      if (!(await port.isUnique(table, [locator.name]))) continue
      const { children, unplaced } = await port.treeOf(table, locator.name, parent.name)
      if (children > 0n && unplaced === 0n)
        return {
          locator: locator.name,
          parent: parent.name,
          sure: false,
          reason: `each ${parent.name} (${rowsText(children)}) is found in ${locator.name}`,
        }
    }
  return null
}

/** The column that the parent's name speaks of (`path_locator` for `parent_path_locator`), then the key. */
function locatorsFor(parent: SurveyedColumn, table: SurveyedTable, key: ProposedKey | null): readonly SurveyedColumn[] {
  const words = wordsOf(parent.name)
  const spokenOf = table.columns.filter((c) => {
    const own = wordsOf(c.name)
    return own.length < words.length && own.every((word, i) => word === words[words.length - own.length + i])
  })
  const ofKey = table.columns.filter((c) => key?.columns.length === 1 && c.name === key.columns[0])
  return [...new Set([...spokenOf, ...ofKey])].filter((c) => c.name !== parent.name && c.type === parent.type)
}
