import { expect, test } from 'vitest'
import { PLAIN } from './style.ts'
import { renderFields, renderTable } from './table.ts'
import { textWidth } from './width.ts'

const COLUMNS = [{ header: 'FLOW', cut: true }, { header: 'ROWS', align: 'right' }, { header: 'STATE' }] as const

test('a table aligns names left and numbers right, and no line ends in blanks', () => {
  expect(
    renderTable(
      COLUMNS,
      [
        ['orders.orders', '1 240', 'ok'],
        ['a.注文', '7', ''],
      ],
      null,
      PLAIN,
    ),
  ).toBe(['FLOW             ROWS   STATE', 'orders.orders   1 240   ok', 'a.注文              7', ''].join('\n'))
})

test('a table narrower than its content cuts names only', () => {
  const text = renderTable(COLUMNS, [['referrals.attachments-of-every-client', '1 240 113', 'held back']], 44, PLAIN)
  const [, row = ''] = text.split('\n')
  expect(textWidth(row)).toBe(44)
  expect(row).toBe('referrals.…ry-client   1 240 113   held back')
})

test('colour does not move a column', () => {
  const red = { text: 'failed', paint: (t: string) => `\u001B[31m${t}\u001B[39m` }
  const text = renderTable(
    [{ header: 'A' }, { header: 'B' }],
    [
      [red, 'x'],
      ['ok', 'y'],
    ],
    null,
    PLAIN,
  )
  expect(text).toBe('A        B\n\u001B[31mfailed\u001B[39m   x\nok       y\n')
})

test('fields share one column of labels, and a label said twice is shown once', () => {
  expect(
    renderFields(
      [
        ['window', 'a\nb'],
        ['scope', 'c'],
        ['scope', 'd'],
      ],
      PLAIN,
    ),
  ).toBe('window   a\n         b\nscope    c\n         d\n')
})
