/** `tidemark status`: per flow and scope, where things stand. */
import type { StatusDocument } from '@tidemark/contract/api'
import { formatDuration } from '@tidemark/contract/duration'
import { type FlowSpec, parseScopeText, scopeText } from '@tidemark/contract/flow'
import type { ControlStore, FreshnessRow, LeaseRow, RunRow, WatermarkRow } from '../control/control-store.ts'
import { isDead } from '../run/hold-lease.ts'
import type { AppContext } from './app-context.ts'
import { instantOf, zoneOf } from './instant-of.ts'
import { countJson } from './run-json.ts'

type FlowStatus = StatusDocument['flows'][number]

const RUNS_LOOKED_AT = 200

export async function status(ctx: AppContext): Promise<StatusDocument> {
  const store = await ctx.store('read')
  const catalog = await ctx.catalog('read')
  const watermarks = await store.ledger.listWatermarks()
  const fresh = await store.ledger.listFreshness()
  const now = await store.now()
  const flows: FlowStatus[] = []
  for (const flow of catalog.flows)
    flows.push(
      ...(await flowStatus(
        store,
        flow,
        watermarks.filter((w) => w.flow === flow.id),
        fresh.filter((f) => f.flow === flow.id),
        now,
      )),
    )
  return { flows }
}

async function flowStatus(
  store: ControlStore,
  flow: FlowSpec,
  watermarks: readonly WatermarkRow[],
  fresh: readonly FreshnessRow[],
  now: string,
): Promise<readonly FlowStatus[]> {
  const runs = await store.ledger.listRuns({ flow: flow.id, limit: RUNS_LOOKED_AT })
  const lease = await store.leases.find(flow.id)
  const unmatched = (await store.ledger.listUnmatched(flow.id)).filter((u) => u.state === 'open').length
  const rejects = (await store.ledger.listRejects(flow.id)).length
  const scopes = new Set([scopeText({}), ...watermarks.map((w) => w.scope), ...runs.map((r) => r.scope)])
  const known = [...scopes].filter(
    (s) =>
      s !== scopeText({}) ||
      scopes.size === 1 ||
      runs.some((r) => r.scope === s) ||
      watermarks.some((w) => w.scope === s),
  )
  return known.map((scope) => {
    const ofScope = runs.filter((r) => r.scope === scope)
    const last = ofScope[0] ?? null
    const mark = watermarks.find((w) => w.scope === scope) ?? null
    const { completeAt = null, heldBack = null } = fresh.find((f) => f.scope === scope) ?? {}
    const hold = holdOf(flow, heldBack, ofScope, now)
    const held = lease?.owner != null && !lease.expired && !isDead(lease)
    return {
      flow: flow.id,
      scope: { ...parseScopeText(scope) },
      active: flow.active,
      last_run: last && { run: last.id, status: last.state, finished_at: last.finishedAt, error: last.error },
      watermark: mark?.position ?? null,
      lag_ms: lagMs(flow, mark, last, now),
      complete_at: completeAt,
      age_ms: completeAt === null ? null : sinceMs(completeAt, now),
      held: hold,
      state: hold?.too_long === true && flow.active && !held ? tooLongText(hold) : stateText(flow, last, held),
      holder: held && lease?.owner && lease.expiresAt ? { owner: ownerText(lease), until: lease.expiresAt } : null,
      open_rejects: countJson(BigInt(rejects)),
      unmatched: countJson(BigInt(unmatched)),
    }
  })
}

const ownerText = (lease: LeaseRow): string =>
  lease.owner ? `${lease.owner.actor}, process ${lease.owner.pid} on ${lease.owner.host}` : ''

function stateText(flow: FlowSpec, last: RunRow | null, held: boolean): string {
  if (!flow.active) return 'switched off'
  if (held) return 'running'
  if (last === null) return 'never run'
  switch (last.state) {
    case 'planned':
    case 'running':
      return `its worker is gone: tidemark resume ${last.id}, or run the flow again`
    case 'failed':
      return `${last.error?.code ?? 'failed'}: tidemark resume ${last.id}, or run the flow again`
    case 'cancelled':
      return `resume: tidemark resume ${last.id}, or run the flow again`
    case 'nothing_to_do':
      return last.reason?.startsWith('held back') ? last.reason : 'up to date'
    case 'succeeded':
    case 'succeeded_with_rejects':
      return 'up to date'
    case 'superseded':
      return 'superseded: run the flow again'
  }
}

const sinceMs = (at: string, now: string): number =>
  Math.max(0, Temporal.Instant.from(now).epochMilliseconds - Temporal.Instant.from(at).epochMilliseconds)

/** Held back at least since the first of the newest runs that all found the same. */
function holdOf(flow: FlowSpec, reason: string | null, runs: readonly RunRow[], now: string): FlowStatus['held'] {
  if (reason === null) return null
  const free = runs.findIndex((r) => r.state !== 'nothing_to_do' || !isHeldBack(r.reason))
  const since = runs.at(free < 0 ? -1 : free - 1)?.startedAt ?? now
  const ms = sinceMs(since, now)
  const limit = (flow.capture.options as { readonly maxHoldMs?: number } | null)?.maxHoldMs ?? Infinity
  return { reason, ms, too_long: ms > limit }
}

const isHeldBack = (reason: string | null): boolean => reason?.startsWith('held back by transaction') === true

const tooLongText = ({ reason, ms }: NonNullable<FlowStatus['held']>): string =>
  `held back too long, for ${formatDuration(ms - (ms % (ms >= 7_200_000 ? 3_600_000 : ms >= 120_000 ? 60_000 : 1_000)))}: ${reason}`

/** How far the target is behind the clock; a look that found nothing counts, for numbers it is unknown. */
function lagMs(flow: FlowSpec, mark: WatermarkRow | null, last: RunRow | null, now: string): number | null {
  const seen = last?.state === 'nothing_to_do' && last.window?.upTo ? last.window.upTo : mark?.position
  if (seen == null) return null
  const at = instantOf(seen, zoneOf(flow))
  return at === null ? null : Math.max(0, Temporal.Instant.from(now).epochMilliseconds - at)
}
