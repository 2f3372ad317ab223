import { expect, test } from 'vitest'
import { didYouMean } from './did-you-mean.ts'

const KEYS = ['position', 'clock', 'zone', 'stamped_by', 'buffer', 'nulls', 'max_hold']

test.each([
  ['saftey_buffer', 'buffer'],
  ['bufer', 'buffer'],
  ['postion', 'position'],
  ['colck', 'clock'],
  ['hold', 'max_hold'],
  ['Zone', 'zone'],
  ['elephant', null],
  ['x', null],
])('%s was meant to be %s', (word, meant) => {
  expect(didYouMean(word, KEYS)).toBe(meant)
})
