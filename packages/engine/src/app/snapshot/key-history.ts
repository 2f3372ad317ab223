/** `tidemark snapshot key`: one row through all snapshots that can be read, those in the archive among them. */
import type { KeyHistoryDocument } from '@tidemark/contract/archive-documents'
import { parseScopeText, type Scope, scopeText } from '@tidemark/contract/flow'
import { Desk } from '../../dialects/duckdb/desk.ts'
import { type ImageColumn, readImage } from '../../dialects/duckdb/image.sql.ts'
import { joined, param, sql } from '../../dialects/sql-text.ts'
import { AppError, asAppError } from '../../runtime/app-error.ts'
import { comparedText, keyText, valueText } from '../../snapshot/fingerprint.sql.ts'
import { type AppContext, limitsOf } from '../app-context.ts'
import { parseRejectKey } from '../reject-key.ts'
import { knownFlow } from '../select-flows.ts'
import { type Readable, readables } from './readable.ts'

export interface KeyOptions {
  readonly flow: string
  /** plain, or a JSON list */
  readonly key: string
  /** null: in every scope */
  readonly scope: Scope | null
}

/** One row of one snapshot. */
interface Row {
  /** as canonical text */
  readonly values: Record<string, string | null>
  /** as they are compared */
  readonly compared: ReadonlyMap<string, string | null>
}

type Step = KeyHistoryDocument['history'][number]

export async function keyHistory(ctx: AppContext, options: KeyOptions): Promise<KeyHistoryDocument> {
  const flow = knownFlow((await ctx.catalog('read')).flows, options.flow)
  const key = parseRejectKey(options.key)
  if (key.length !== flow.key.length)
    throw new AppError(
      'TM1002',
      `the key of ${flow.id} is ${flow.key.join(', ')}, and ${options.key} has ${key.length}`,
    )
  const wanted = options.scope === null ? null : scopeText(options.scope)
  const chosen = (await readables(ctx, flow.id)).filter(({ scope }) => wanted === null || scope === wanted)
  await using desk = await Desk.open(`snapshots of ${flow.id}`, limitsOf(ctx))
  const history: Step[] = []
  const unread: KeyHistoryDocument['unread'] = []
  const before = new Map<string, Row | null>()
  for (const readable of chosen) {
    try {
      const row = await rowOf(desk, readable, key)
      history.push(stepOf(readable, before.get(readable.scope) ?? null, row))
      before.set(readable.scope, row)
    } catch (error) {
      const { code, message } = asAppError(error)
      unread.push({ snapshot: readable.snapshot, error: { code, message } })
    }
  }
  return { flow: flow.id, key, history, unread }
}

async function rowOf(desk: Desk, readable: Readable, key: readonly (string | null)[]): Promise<Row | null> {
  using image = await readable.open()
  const { columns, compared } = readable
  using _room = await desk.room(columns.length)
  const ofKey = readable.key.map((name): ImageColumn => columns.find((c) => c.name === name) ?? { name, type: '' })
  const asked = sql`CAST(to_json([${joined(
    key.map((value) => sql`CAST(${param(value)} AS VARCHAR)`),
    ', ',
  )}]) AS VARCHAR)`
  const texts = [
    ...columns.map((column) => valueText('i', column)),
    ...compared.map((column) => comparedText('i', column)),
  ]
  const [row] = await desk.query(
    sql`SELECT ${joined(texts, ', ')} FROM ${readImage(image.path)} AS i WHERE ${keyText('i', ofKey)} = ${asked}`,
  )
  if (row === undefined) return null
  return {
    values: Object.fromEntries(columns.map(({ name }, i) => [name, row[i] ?? null])),
    compared: new Map(compared.map(({ name }, i) => [name, row[columns.length + i] ?? null])),
  }
}

function stepOf({ snapshot, scope, takenAt, from }: Readable, before: Row | null, now: Row | null): Step {
  const changes =
    before === null || now === null
      ? []
      : [...now.compared].flatMap(([column, text]) =>
          !before.compared.has(column) || before.compared.get(column) === text
            ? []
            : [{ column, old: before.values[column] ?? null, new: now.values[column] ?? null }],
        )
  const what =
    now === null
      ? before === null
        ? 'absent'
        : 'deleted'
      : before === null
        ? 'new'
        : changes.length > 0
          ? 'changed'
          : 'unchanged'
  return {
    snapshot,
    scope: { ...parseScopeText(scope) },
    taken_at: takenAt,
    from,
    what,
    changes,
    values: now?.values ?? null,
  }
}
