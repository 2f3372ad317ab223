import { scopeText } from '@tidemark/contract/flow'
import type { FlowId, RunId } from '@tidemark/contract/ids'
import { AppError } from '../../runtime/app-error.ts'
import type { Actor, WatermarkExpected, WatermarkRow } from '../control-store.ts'
import { changed, first, type StoreReader } from '../store-session.ts'
import type { StoreParts } from '../store-parts.ts'
import { audit } from './audit.ts'
import { supersedeAll } from './supersede.ts'

type Sql = StoreParts['sql']

/** Compare-and-set on the version; `expected.version` null: the scope must not have one yet. TM3003 when it moved. */
export async function setWatermark(
  tx: StoreReader,
  sql: Sql,
  row: Omit<WatermarkRow, 'version' | 'updatedAt'>,
  expected: WatermarkExpected,
): Promise<void> {
  const { version } = expected
  const statement = version === null ? sql.watermark.insert(row) : sql.watermark.update({ ...row, version })
  if (await changed(tx, statement)) return
  throw new AppError('TM3003', `${row.flow} ${row.scope}`, {
    facts: { flow: row.flow, scope: row.scope, expected: version },
  })
}

/** The one way back. The watermark and the superseded runs name the audit row that says who did it and why. */
export async function rewind(
  { session, sql }: StoreParts,
  flow: FlowId,
  scope: string,
  expected: WatermarkExpected,
  to: { readonly position: string; readonly coverage: string; readonly source: string },
  by: Actor,
): Promise<readonly RunId[]> {
  return await session.transaction(async (tx) => {
    const before = await first(tx, sql.watermark.find({ flow, scope }))
    const name = `rewind-${await auditChange(tx, sql, { action: 'rewind', flow, scope, by, before, after: to })}`
    await setWatermark(tx, sql, { flow, scope, ...to, run: name }, expected)
    return await supersedeAll(tx, sql, { flow, scope, supersededBy: name, by })
  })
}

/** A scope without a watermark of its own takes its copy of the unscoped one here, as its first run would have. */
export async function acceptChange(
  { session, sql }: StoreParts,
  flow: FlowId,
  scope: string,
  expected: WatermarkExpected,
  change: { readonly coverage: string; readonly source: string },
  by: Actor,
): Promise<void> {
  await session.transaction(async (tx) => {
    const before = await first(tx, sql.watermark.find({ flow, scope }))
    const base = before ?? (await first(tx, sql.watermark.find({ flow, scope: scopeText({}) })))
    if (base === null) throw new AppError('TM3003', `${flow} ${scope} has no watermark`, { facts: { flow, scope } })
    const after = { position: base.position, ...change }
    const number = await auditChange(tx, sql, { action: 'accept-change', flow, scope, by, before, after })
    await setWatermark(tx, sql, { flow, scope, ...after, run: base.run }, expected)
    await supersedeAll(tx, sql, { flow, scope, supersededBy: `accept-change-${number}`, by })
  })
}

interface AuditedChange {
  readonly action: string
  readonly flow: FlowId
  readonly scope: string
  readonly by: Actor
  readonly before: WatermarkRow | null
  readonly after: Pick<WatermarkRow, 'position' | 'coverage' | 'source'>
}

function auditChange(tx: StoreReader, sql: Sql, a: AuditedChange): Promise<bigint> {
  const { action, by } = a
  const before = a.before === null ? null : JSON.stringify({ run: a.before.run, ...asJson(a.before) })
  return audit(tx, sql, {
    action,
    subject: `watermark ${a.flow} ${a.scope}`,
    by,
    before,
    after: JSON.stringify(asJson(a.after)),
  })
}

/** Coverage and source as the JSON they are, not as text within JSON. */
const asJson = ({ position, coverage, source }: AuditedChange['after']): object => ({
  position,
  coverage: JSON.parse(coverage) as unknown,
  source: JSON.parse(source) as unknown,
})
