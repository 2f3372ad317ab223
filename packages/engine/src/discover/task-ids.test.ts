import { NAME_PATTERN } from '@tidemark/contract/ids'
import { expect, test } from 'vitest'
import { taskIds } from './task-ids.ts'

test('a task id reads like its table', () => {
  expect(taskIds([['dbo', 'ReferralAttachment'], ['Größe'], ['order_items'], ['Ünïcode Straße']])).toEqual([
    'referral-attachment',
    'grosse',
    'order_items',
    'unicode-strasse',
  ])
})

test('ids match the pattern and no two fold into one, whatever the names', () => {
  const long = 'x'.repeat(200)
  const names = ['2024', '表', '🌊', '', '--', '_', 'a-b', 'a_b', 'A B', 'a--b', long, `${long}y`, 'İ', 'Ⅷ', 'table-2']
  const ids = taskIds(names.map((name) => [name]))
  expect(ids.filter((id) => !NAME_PATTERN.test(id))).toEqual([])
  expect(new Set(ids.map((id) => id.toLowerCase().replaceAll('-', '_'))).size).toBe(names.length)
})
