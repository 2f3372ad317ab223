import { expect, test } from 'vitest'
import { count, Narrator } from './narrator.ts'

const plain = (text: string): string => text
const STYLE = { bold: plain, dim: plain, good: plain, bad: plain }

test('an act that does not do what it says ends the demo, naming both', () => {
  let told = ''
  const narrator = new Narrator((text) => void (told += text), STYLE)
  narrator.act('A crash')
  narrator.check(true, 'it is dead', 'alive')
  expect(() => narrator.check(false, 'it is resumed', 'superseded')).toThrow(
    expect.objectContaining({ code: 'TM9002', detail: 'A crash: expected "it is resumed", found superseded' }),
  )
  expect(told).toBe('\n1  A crash\n   ✓ it is dead\n   ✗ it is resumed\n')
})

test('the demo writes thousands apart', () => {
  expect([0, 999, 1000, 1_240_113].map(count)).toEqual(['0', '999', '1 000', '1 240 113'])
})
