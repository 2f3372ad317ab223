import { expect, test } from 'vitest'
import { cutEnd, cutMiddle, harmless, oneLine, textWidth } from './width.ts'

test.each([
  ['orders', 6],
  ['Łukasz', 6],
  ['e\u0301', 1],
  ['注文', 4],
  ['한국', 4],
  ['ａｂ', 4],
  ['👩‍👩‍👧‍👦', 2],
  ['🇬🇧', 2],
  ['a\u200Bb', 2],
  ['\u001B[32mok\u001B[39m', 2],
  ['–…→█', 4],
])('the width of %j is %i columns', (text, width) => {
  expect(textWidth(text)).toBe(width)
})

test('a long name is cut in the middle, both ends stay', () => {
  expect(cutMiddle('referrals.attachments', 12)).toBe('referr…ments')
  expect(cutMiddle('referrals', 12)).toBe('referrals')
  expect(textWidth(cutMiddle('注文注文注文注文', 9))).toBeLessThanOrEqual(9)
  expect([cutMiddle('abc', 1), cutMiddle('abc', 0)]).toEqual(['…', ''])
})

test('a line is cut at its end, never inside a character', () => {
  expect(cutEnd('abcdef', 4)).toBe('abc…')
  expect(cutEnd('注文注文', 4)).toBe('注…')
})

test('control characters of other people lose their power', () => {
  expect(harmless('a\u001B[2J\u0007b\u009B')).toBe('a\uFFFD[2J\uFFFDb\uFFFD')
  expect(oneLine('one\n  two\tthree')).toBe('one two three')
})
