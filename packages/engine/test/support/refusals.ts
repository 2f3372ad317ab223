/** What a refused command leaves: nothing in source, target or ledger, and a free lease. */
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FlowSpec } from '@tidemark/contract/flow'
import { expect } from 'vitest'
import { AppError } from '../../src/runtime/app-error.ts'
import type { RunWish, World } from './world.ts'

/** Path → SHA-256 of each file of a folder that a person would miss; the temporary folder is not among them. */
export function hashes(dir: string): Readonly<Record<string, string>> {
  const files = readdirSync(dir, { withFileTypes: true }).filter((f) => f.isFile())
  return Object.fromEntries(
    files.map((f) => [
      f.name,
      createHash('sha256')
        .update(readFileSync(join(dir, f.name)))
        .digest('hex'),
    ]),
  )
}

/** Databases only: taking and freeing a lease writes the store. */
export const databases = (w: World): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(hashes(w.dir)).filter(([name]) => name.includes('.duckdb')))

async function refusalOf(attempt: () => Promise<unknown>): Promise<AppError> {
  try {
    await attempt()
  } catch (error) {
    if (error instanceof AppError) return error
    throw error
  }
  throw new TypeError('it was not refused')
}

export async function expectFree(w: World, flow: FlowSpec): Promise<void> {
  expect((await w.store.leases.find(flow.id))?.owner ?? null).toBeNull()
}

/** `plan` and `run` both stop with that code, before a run exists or a byte is written. Returns the run's error. */
export async function expectRefused(
  w: World,
  flow: FlowSpec,
  code: AppError['code'],
  wish: RunWish = {},
): Promise<AppError> {
  const runs = (await w.store.ledger.listRuns({ limit: 1000 })).length
  const before = databases(w)
  expect((await refusalOf(() => w.plan(flow, wish))).message).toContain(code)
  const error = await refusalOf(() => w.run(flow, wish))
  expect(error.message).toContain(code)
  expect(databases(w)).toEqual(before)
  expect(existsSync(w.targetPath)).toBe('target.duckdb' in before)
  expect(await w.store.ledger.listRuns({ limit: 1000 })).toHaveLength(runs)
  await expectFree(w, flow)
  return error
}

/** The run is in the ledger as failed with that code; the lease is free. */
export async function expectFailed(
  w: World,
  flow: FlowSpec,
  code: AppError['code'],
  wish: RunWish = {},
): Promise<Awaited<ReturnType<World['run']>>> {
  const run = await w.run(flow, wish)
  expect(run).toMatchObject({ state: 'failed', error: { code } })
  await expectFree(w, flow)
  return run
}
