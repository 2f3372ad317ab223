import { expect, test } from 'vitest'
import { packed } from './packed-rows.ts'

test('texts of rows are places in one text, and null where they are null', () => {
  const [json, texts] = packed([
    { n: 1, a: 'one "two"', b: null },
    { n: 2, a: '', b: 'three\n' },
  ])
  expect(JSON.parse(json)).toEqual([
    { n: 1, a_at: 1, a_length: 9, b_at: null, b_length: null },
    { n: 2, a_at: 10, a_length: 0, b_at: 10, b_length: 6 },
  ])
  expect(texts).toBe('one "two"three\n')
})

test('what a text cannot hold moves no other text from its place', () => {
  const [json, texts] = packed([{ a: 'x\0\ud83d' }, { a: '\ude00y' }])
  expect(texts).toBe('x\uFFFD\uFFFD\uFFFDy')
  expect(JSON.parse(json)).toEqual([
    { a_at: 1, a_length: 3 },
    { a_at: 4, a_length: 2 },
  ])
})
