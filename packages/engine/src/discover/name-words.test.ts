import { expect, test } from 'vitest'
import { changedRank, keyRank, saysCreated, saysParent, wordsOf } from './name-words.ts'

test('a name is read in words, however it is written', () => {
  for (const name of ['LastModifiedOn', 'last_modified_on', 'LAST-MODIFIED-ON', 'last modified on'])
    expect(wordsOf(name)).toEqual(['last', 'modified', 'on'])
  expect(wordsOf('XMLPath2Id')).toEqual(['xml', 'path2', 'id'])
})

test('names that say changed are told from those that say created, and from the others', () => {
  expect(
    ['ModifiedOn', 'updated_at', 'last_write_time', 'mtime', 'exchange_date', 'birthday'].map(changedRank),
  ).toEqual([0, 0, 1, 1, null, null])
  expect(['CreatedOn', 'recreation', 'inserted_at'].map(saysCreated)).toEqual([true, false, true])
  expect(['parent_path_locator', 'ManagerId', 'transparent'].map(saysParent)).toEqual([true, true, false])
})

test('a key is liked better the more its name says so', () => {
  const ranks = ['id', 'order_id', 'OrderId', 'orderid', 'customer_id', 'line_no', 'name'].map((c) =>
    keyRank(c, 'Orders'),
  )
  expect(ranks).toEqual([0, 1, 1, 1, 2, 3, 4])
  expect(keyRank('category_id', 'product_categories')).toBe(1)
})
