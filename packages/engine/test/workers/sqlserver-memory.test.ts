/** More than memory holds, in one value or in many rows, through a driver whose client holds a value as a whole. */
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { LoadRow, SqlServerSession } from '../../src/drivers/sqlserver.ts'
import { PART_BYTES, readInParts, writeInParts } from '../../src/drivers/sqlserver-large-values.ts'
import { inTurn } from '../support/long.ts'
import { caught, eventually, sessionTo } from '../support/tds-peer/driver-side.ts'
import { TdsPeer } from '../support/tds-peer/peer.ts'
import { counted, selected, streamed } from '../support/tds-peer/replies.ts'
import { type PeerBytes, statementOf } from '../support/tds-peer/requests.ts'
import type * as tokens from '../support/tds-peer/tokens.ts'

const TWO_GIB = 2n ** 31n
/** of a test that passes them, on a slow machine */
const LIMIT_MS = 400_000
/** of the process, peer and all, above what it has with small values */
const FLAT_BYTES = 200 * 1024 * 1024

const PART: readonly tokens.PeerColumn[] = [{ name: 'part', type: 'varbinary(max)' }]
const READ = 'SELECT SUBSTRING(body, CAST(@p2 AS bigint), CAST(@p3 AS bigint)) FROM t WHERE k = @p1'
const WRITE = 'UPDATE t SET body.WRITE(@p2, NULL, NULL) WHERE k = @p1'

/** Every part of a value differs from the others. */
const filled = (from: bigint, bytes: number): Buffer => {
  const part = Buffer.alloc(bytes, 0x5a)
  if (bytes >= 8) part.writeBigUInt64LE(from)
  return part
}

async function* pieces(bytes: bigint, piece: number): AsyncGenerator<Buffer> {
  for (let at = 0n; at < bytes; at += BigInt(piece))
    yield filled(at, Number(bytes - at < BigInt(piece) ? bytes - at : BigInt(piece)))
}

const hashOf = async (bytes: AsyncIterable<Buffer>): Promise<PeerBytes> => {
  const hash = createHash('sha256')
  let count = 0n
  for await (const part of bytes) {
    hash.update(part)
    count += BigInt(part.length)
  }
  return { bytes: count, sha256: hash.digest('hex') }
}

/** A peer with one value of so many bytes under each key; a key that is none has none. */
const keeping = (values: Readonly<Record<string, bigint>>): Promise<TdsPeer> =>
  TdsPeer.open({
    answer: (request) => {
      if (request.kind !== 'rpc') return null
      if (statementOf(request) !== READ) return counted(request, 1n)
      const [key, first, length] = request.params.slice(2).map(String)
      const bytes = values[key ?? '']
      if (bytes === undefined) return selected(request, PART, [])
      if (bytes < 0n) return selected(request, PART, [[null]])
      const from = BigInt(first ?? 1) - 1n
      const left = bytes - from
      const size = left < BigInt(length ?? 0) ? left : BigInt(length ?? 0)
      return selected(request, PART, [[filled(from, Number(size < 0n ? 0n : size))]])
    },
  })

/** How far the process grows while it works. */
async function growthOf(work: () => Promise<void>): Promise<number> {
  const before = process.memoryUsage().rss
  let most = before
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20)
  try {
    await work()
  } finally {
    clearInterval(timer)
  }
  return most - before
}

const read = async (session: SqlServerSession, key: string, partBytes?: number): Promise<PeerBytes | null> => {
  const value = await readInParts(session, READ, [key], partBytes)
  return value === null ? null : await hashOf(value)
}

test('a value is read in parts to its last byte, however they fall', async () => {
  await using peer = await keeping({ none: -1n, empty: 0n, one: 1n, even: 3_000n, odd: 3_001n })
  await using session = await sessionTo(peer)
  for (const [key, bytes] of [
    ['empty', 0n],
    ['one', 1n],
    ['even', 3_000n],
    ['odd', 3_001n],
  ] as const)
    expect(await read(session, key, 1_000)).toMatchObject({ bytes })
  expect(await read(session, 'none')).toBeNull()
  expect(await read(session, 'no row')).toBeNull()
  const odd = peer.sessions[0]?.requests.filter((r) => r.kind === 'rpc' && r.params[2] === 'odd') ?? []
  expect(odd.map((r) => (r.kind === 'rpc' ? r.params.slice(3) : []))).toEqual(
    ['1', '1001', '2001', '3001'].map((first) => [first, '1000']),
  )
})

test('a value that is gone before its last part fails its reader', async () => {
  const values: Record<string, bigint> = { a: 3_000n }
  await using peer = await keeping(values)
  await using session = await sessionTo(peer)
  const value = await readInParts(session, READ, ['a'], 1_000)
  delete values['a']
  expect(await caught(hashOf(value ?? pieces(0n, 1)))).toMatchObject({ message: expect.stringContaining('was gone') })
})

test(
  'two gigabytes are read with memory that stays flat',
  async ({ task, skip }) => {
    if (!inTurn(task.name)) skip('on another day')
    await using peer = await keeping({ small: BigInt(4 * PART_BYTES), large: TWO_GIB - 1n })
    await using session = await sessionTo(peer)
    await read(session, 'small')
    const growth = await growthOf(async () => {
      expect(await read(session, 'large')).toEqual(await hashOf(pieces(TWO_GIB - 1n, PART_BYTES)))
    })
    expect(growth).toBeLessThan(FLAT_BYTES)
  },
  LIMIT_MS,
)

test(
  'two gigabytes are one parameter that is read while it is sent, with memory that stays flat',
  async ({ task, skip }) => {
    if (!inTurn(task.name)) skip('on another day')
    await using peer = await keeping({})
    await using session = await sessionTo(peer)
    await session.run(WRITE, ['warm', pieces(BigInt(4 * PART_BYTES), 60_000)])
    const growth = await growthOf(async () => {
      expect(await session.run('INSERT INTO t VALUES (@p1, @p2)', ['k', pieces(TWO_GIB - 1n, 1024 * 1024)])).toBe(1n)
    })
    expect(peer.sessions[0]?.requests.at(-1)).toMatchObject({
      params: [
        'INSERT INTO t VALUES (@p1, @p2)',
        '@p1 nvarchar(4000), @p2 varbinary(max)',
        'k',
        await hashOf(pieces(TWO_GIB - 1n, 1024 * 1024)),
      ],
    })
    expect(growth).toBeLessThan(FLAT_BYTES)
  },
  LIMIT_MS,
)

test('a value is written part by part, in their order', async () => {
  await using peer = await keeping({})
  await using session = await sessionTo(peer)
  const growth = await growthOf(async () => {
    expect(await writeInParts(session, WRITE, ['k'], pieces(512n * 1024n * 1024n, PART_BYTES))).toBe(
      512n * 1024n * 1024n,
    )
  })
  expect(growth).toBeLessThan(FLAT_BYTES)
  expect(peer.texts).toEqual(Array(128).fill(WRITE))
  const first = peer.sessions[0]?.requests[1]
  expect(first?.kind === 'rpc' ? first.params.slice(1) : []).toEqual([
    '@p1 nvarchar(4000), @p2 varbinary(max)',
    'k',
    await hashOf(
      (async function* () {
        yield filled(BigInt(PART_BYTES), PART_BYTES)
      })(),
    ),
  ])
})

test('a value whose source fails is not written, and the session is usable afterwards', async () => {
  let closed = false
  async function* failing(): AsyncGenerator<Buffer> {
    try {
      for (let i = 0; i < 100; i++) yield filled(BigInt(i), 100_000)
      throw new Error('the source is gone')
    } finally {
      closed = true
    }
  }
  await using peer = await keeping({})
  await using session = await sessionTo(peer)
  expect(await caught(session.run(WRITE, ['k', failing()]))).toMatchObject({
    name: 'Error',
    message: 'the source is gone',
  })
  expect(closed).toBe(true)
  expect(await session.run(WRITE, ['k', pieces(10n, 10)])).toBe(1n)
  expect(peer.sessions[0]).toMatchObject({ ignored: 1, problem: null })
})

test('a value whose connection is cut in the middle closes where it comes from', async () => {
  let closed = false
  async function* endless(): AsyncGenerator<Buffer> {
    try {
      for (let i = 0n; ; i++) {
        yield filled(i, 100_000)
        await sleep(1)
      }
    } finally {
      closed = true
    }
  }
  await using peer = await TdsPeer.open({ answer: (request) => ({ ...counted(request, 1n), cutNextAfter: 1_000_000 }) })
  await using session = await sessionTo(peer)
  await session.run(WRITE, ['k', Buffer.from('a')])
  expect(await caught(session.run(WRITE, ['k', endless()]))).toMatchObject({ name: 'ConnectionLost' })
  await eventually(() => expect(closed).toBe(true))
  await eventually(() => expect(peer.open).toBe(0))
})

const WIDE: readonly tokens.PeerColumn[] = [
  { name: 'k', type: 'bigint' },
  { name: 'v', type: 'nvarchar' },
]
const ROWS = 40_000
const TEXT = 'é'.repeat(4_000)

test(
  'rows of more than they may take are read one by one with memory that stays flat',
  async () => {
    function* rows(): Generator<readonly tokens.PeerCell[]> {
      for (let i = 0; i < ROWS; i++) yield [BigInt(i), TEXT]
    }
    await using peer = await TdsPeer.open({ answer: (request) => streamed(request, WIDE, rows()) })
    await using session = await sessionTo(peer)
    let sum = 0
    const growth = await growthOf(async () => {
      const count = await session.each('SELECT k, v FROM t', [], ([k, v]) => {
        if (v?.value !== TEXT) throw new Error('another text')
        sum += Number(k?.value)
        // now and then somebody has to wait
        return sum % 1_000 === 0 ? sleep(0) : undefined
      })
      expect(count).toBe(BigInt(ROWS))
    })
    expect(sum).toBe((ROWS * (ROWS - 1)) / 2)
    expect(growth).toBeLessThan(FLAT_BYTES)
  },
  LIMIT_MS,
)

test(
  'rows of more than they may take are loaded with memory that stays flat',
  async () => {
    async function* rows(): AsyncGenerator<LoadRow> {
      for (let i = 0; i < ROWS; i++) yield [String(i), TEXT]
    }
    await using peer = await TdsPeer.open({
      answer: (request) => (request.kind === 'bulk' ? counted(request, BigInt(request.count)) : {}),
    })
    await using session = await sessionTo(peer)
    const growth = await growthOf(async () => {
      const columns = [
        { name: 'k', kind: 'text', length: 20 },
        { name: 'v', kind: 'text', length: 4_000 },
      ] as const
      expect(await session.load('#stage', columns, rows())).toBe(BigInt(ROWS))
    })
    expect(growth).toBeLessThan(FLAT_BYTES)
  },
  LIMIT_MS,
)
