import { expect, test } from 'vitest'
import { WorkerPool } from './worker-pool.ts'

const never = new AbortController().signal

test('no more workers than the pool has, and whoever asks first is served first', async () => {
  const pool = new WorkerPool(2)
  const served: string[] = []
  const [one, two] = [await pool.take(never), await pool.take(never)]
  const take = async (name: string): Promise<Disposable> => {
    const worker = await pool.take(never)
    served.push(name)
    return worker
  }
  const [a, b] = [take('a'), take('b')]
  await Promise.resolve()
  expect(served).toEqual([])
  two[Symbol.dispose]()
  two[Symbol.dispose]() // given back once, however often it is said
  const workerOfA = await a
  expect(served).toEqual(['a'])
  const c = take('c')
  one[Symbol.dispose]()
  workerOfA[Symbol.dispose]()
  await Promise.all([b, c])
  expect(served).toEqual(['a', 'b', 'c'])
})

test('who waits for a worker hears of a stop at once, and takes none away', async () => {
  const pool = new WorkerPool(1)
  const stop = new AbortController()
  const worker = await pool.take(never)
  const waiting = pool.take(stop.signal)
  stop.abort(new Error('stopped'))
  await expect(waiting).rejects.toThrow('stopped')
  worker[Symbol.dispose]()
  await expect(pool.use(never, async () => 'free')).resolves.toBe('free')
  await expect(pool.take(stop.signal)).rejects.toThrow('stopped')
})

test('a worker whose work failed is free again', async () => {
  const pool = new WorkerPool(1)
  await expect(pool.use(never, () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  await expect(pool.use(never, async () => 'again')).resolves.toBe('again')
})
