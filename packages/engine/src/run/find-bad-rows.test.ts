import { expect, test } from 'vitest'
import { findBadRows, type TryPart } from './find-bad-rows.ts'

const WHY = { code: 'TM5001', message: 'no' } as const
const MANY = { first: 1n, last: 1000n }
const none = (): boolean => false

/** Refuses where any of these sets of rows is whole. */
function refusing(...together: readonly (readonly bigint[])[]) {
  const tried: bigint[] = []
  const fails: TryPart = async (part, bad) => {
    tried.push(part.last - part.first + 1n)
    const there = (n: bigint): boolean => n >= part.first && n <= part.last && !bad.some((b) => b.number === n)
    return together.some((rows) => rows.every(there)) ? WHY : null
  }
  return { fails, tried }
}

const numbers = async (fails: TryPart, part = MANY): Promise<readonly bigint[]> =>
  (await findBadRows(part, WHY, [], fails, none)).map((x) => x.number)

test('single bad rows are found in logarithmic steps', async () => {
  const one = refusing([617n])
  expect(await numbers(one.fails)).toEqual([617n])
  expect(one.tried.length).toBeLessThanOrEqual(20)
  const { fails } = refusing([1n], [2n], [500n], [1000n])
  expect(await numbers(fails)).toEqual([1n, 2n, 500n, 1000n])
  expect(await numbers(refusing([7n]).fails, { first: 7n, last: 7n })).toEqual([7n])
})

test('of rows that land each by itself and not together the last is kept out', async () => {
  expect(await numbers(refusing([3n, 900n]).fails)).toEqual([900n])
  expect(await numbers(refusing([3n, 900n], [450n]).fails)).toContain(450n)
})

test('a search that no row explains ends without one', async () => {
  expect(await numbers(async () => null)).toEqual([])
})

test('rows known before are not named again, and too many end the search', async () => {
  const { fails } = refusing([1n], [2n], [3n])
  const known = [{ number: 2n, ...WHY }]
  expect((await findBadRows(MANY, WHY, known, fails, none)).map((x) => x.number)).toEqual([1n, 3n])
  const stop = (found: readonly unknown[]): boolean => {
    if (found.length > 2) throw new RangeError('too many')
    return false
  }
  await expect(findBadRows(MANY, WHY, [], fails, stop)).rejects.toThrow('too many')
})

test('a search that has found enough tries nothing more', async () => {
  const { fails, tried } = refusing([1n], [2n], [900n])
  let before = 0
  const first = await findBadRows(MANY, WHY, [], fails, () => (before = tried.length) > 0)
  expect([first.map((x) => x.number), tried.length]).toEqual([[1n], before])
})
