/** Files in the folder of a World's connection to files, and a flow that reads them. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { FlowSpec } from '@tidemark/contract/flow'
import { flowSpec, INBOX, type World } from './world.ts'

/** From `table` of the inbox into `dst`; what the target lacks, unless told otherwise. */
export const fromInbox = (table: readonly string[], over: Partial<FlowSpec> = {}): FlowSpec =>
  flowSpec({
    source: { ...flowSpec().source, connection: INBOX, table },
    capture: { kind: 'backfill', options: {} },
    apply: { kind: 'insert-missing', maxDelete: null },
    ...over,
  })

export function csv(w: World, name: string, ...lines: readonly string[]): string {
  const path = join(w.inbox, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, lines.map((line) => `${line}\n`).join(''))
  return path
}

/** A Parquet file of a query's rows. */
export async function parquet(w: World, name: string, query: string, options = ''): Promise<string> {
  const path = join(w.inbox, name)
  mkdirSync(dirname(path), { recursive: true })
  await w.target(`COPY (${query}) TO '${path}' (FORMAT parquet${options})`)
  return path
}

export const dst = (w: World, columns = '*'): Promise<readonly (readonly (string | null)[])[]> =>
  w.targetRows(`SELECT ${columns} FROM dst ORDER BY 1`)
